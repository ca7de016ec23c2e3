"""The command line: a thin front, every command calls one function of the package."""

import argparse
import logging
import sys
from collections.abc import Sequence

from srs_monai import __version__


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="srs-monai", description="SRSNet for MONAI")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="train a small SRSNet, evaluate it, segment a DICOM file and a volume")
    demo.add_argument("--output", default="demo_output", help="folder for what it makes (default: %(default)s)")
    demo.add_argument("--data", help="folder with images/ and masks/; default: generated phantoms")
    phantoms = commands.add_parser("phantoms", help="write generated ultrasound-like images with known masks")
    phantoms.add_argument("folder")
    phantoms.add_argument("--count", type=int, default=48, help="images (default: %(default)s)")
    phantoms.add_argument("--size", type=int, nargs=2, default=(128, 128), metavar=("HEIGHT", "WIDTH"), help="pixels")
    phantoms.add_argument("--seed", type=int, default=0)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 1 when it fails, with the reason as the last line."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    # imported here: the help must not wait for torch and MONAI
    from subprocess import CalledProcessError

    from srs_monai.data.phantoms import write_phantoms
    from srs_monai.demo import demo

    try:
        if options.command == "demo":
            demo(options.output, options.data)
        else:
            write_phantoms(options.folder, count=options.count, size=tuple(options.size), seed=options.seed)
    except (CalledProcessError, OSError, ValueError) as error:
        logging.getLogger(__name__).error("srs-monai %s: %s", options.command, error)
        return 1
    return 0
