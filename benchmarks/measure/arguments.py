"""Command-line options that the scripts share."""

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from measure.machine import ROOT

RESULTS = ROOT / "docs" / "results" / "performance"


def parser(question: str, description: str) -> argparse.ArgumentParser:
    """Options that every script has.

    Args:
        question: the script's name, with which the file of its results begins.
        description: the first lines of the help.
    """
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    made.add_argument(
        "--output", type=Path, help=f"CSV file; default: docs/results/performance/{question}_cpu.csv, or _cuda"
    )
    made.add_argument("--device", default="cpu", help="cpu, cuda or cuda:NUMBER")
    made.add_argument("--rounds", type=positive, default=5, help="how often each setting is measured, in turns")
    made.add_argument("--quick", action="store_true", help="a tiny network and tiny images: tries the script out")
    made.add_argument("--overwrite", action="store_true", help="begin anew instead of going on with the file")
    made.set_defaults(question=question)
    return made


def parse(
    made: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    question: Callable[[argparse.Namespace], str] | None = None,
) -> argparse.Namespace:
    """The options, with the output's name and the log set up; options that cannot work are rejected with the usage.

    Args:
        made: what `parser` gave, with the script's own options.
        arguments: None: the command line's.
        question: the name of the results that these options give, where a script answers several.
    """
    from srs_monai.device import pick_device

    options = made.parse_args(arguments)
    try:
        device = pick_device(options.device)
    except ValueError as error:
        made.error(str(error))
    options.device = str(device)
    if options.output is None:
        name = options.question if question is None else question(options)
        options.output = RESULTS / f"{name}_{device.type}.csv"
        if options.quick:
            made.error("a quick run measures nothing: name its --output, so that it is not taken for a result")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    return options


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"a number of at least 1, got {text}")
    return number


def image_side(text: str) -> int:
    """A side of an image: a multiple of 8 of at least 32."""
    number = int(text)
    if number < 32 or number % 8:
        raise argparse.ArgumentTypeError(f"a side in pixels is a multiple of 8 of at least 32, got {text}")
    return number


def folder(text: str) -> Path:
    """A folder that exists."""
    path = Path(text).expanduser()
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"a folder that is there, got {text}")
    return path
