"""The parser of the command line. Every command calls one function of the package."""

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from srs_monai import __version__
from srs_monai.cli.data_commands import add_data_commands, run_data
from srs_monai.cli.experiments_command import add_experiments_commands, run_experiments
from srs_monai.cli.export_command import add_export, run_export
from srs_monai.cli.predict_command import add_predict, run_predict

logger = logging.getLogger(__name__)

INTERRUPTED_STATUS = 130  # exit status after Ctrl-C
# their messages do not concern the user; messages of our readers appear in the list of warnings at the end
LIBRARIES = ("ignite", "pydicom", "highdicom", "monai.data.nvimgcodec_pydicom_plugin")
READERS = ("srs_monai.data.readers", "srs_monai.dicom")
_COMMANDS = {"predict": run_predict, "export": run_export, "data": run_data, "experiments": run_experiments}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="srs-monai", description="SRSNet for MONAI")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_predict(commands.add_parser("predict", help="segment DICOM, NIfTI and pictures, each in its own geometry"))
    export = commands.add_parser("export", help="write a trained network as ONNX, TorchScript, OpenVINO or TensorRT")
    add_export(export)
    add_data_commands(commands.add_parser("data", help="list, check and split published data sets"))
    experiments = commands.add_parser("experiments", help="train and measure the networks of a table, row by row")
    add_experiments_commands(experiments)
    demo = commands.add_parser("demo", help="train a small network, evaluate it, segment DICOM files and a volume")
    demo.add_argument("--output", default="demo_output", help="folder for the results (default: %(default)s)")
    demo.add_argument("--data", help="folder with images/ and masks/; default: generated phantoms")
    demo.add_argument(
        "--network", default="srsnet_small", help="name of a file in configs/networks (default: %(default)s)"
    )
    phantoms = commands.add_parser("phantoms", help="write generated ultrasound-like images with known masks")
    phantoms.add_argument("folder")
    phantoms.add_argument("--count", type=int, default=48, help="number of images (default: %(default)s)")
    phantoms.add_argument(
        "--size", type=int, nargs=2, default=(128, 128), metavar=("HEIGHT", "WIDTH"), help="in pixels"
    )
    phantoms.add_argument("--seed", type=int, default=0)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. The exit status is 1 after an error, whose reason is the last line, and 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        return _run(options)
    except KeyboardInterrupt:
        from srs_monai.errors import INTERRUPTED

        logger.error("srs-monai %s: %s", options.command, INTERRUPTED)
        return INTERRUPTED_STATUS


def _run(options: argparse.Namespace) -> int:
    # imported here, so that --help does not wait for torch and MONAI
    from subprocess import CalledProcessError

    try:
        if options.command in _COMMANDS:
            with _quiet(*LIBRARIES, *READERS):
                return _COMMANDS[options.command](options)
        if options.command == "demo":
            from srs_monai.cli.demo import demo

            demo(options.output, options.data, options.network)
        else:
            from srs_monai.data.phantoms import write_phantoms

            write_phantoms(options.folder, count=options.count, size=tuple(options.size), seed=options.seed)
    except (CalledProcessError, OSError, ValueError) as error:
        logger.error("srs-monai %s: %s", options.command, error)
        return 1
    return 0


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Silence these loggers."""
    levels = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
