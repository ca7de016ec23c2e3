"""The command line: a thin front, every command calls one function of the package."""

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from srs_monai import __version__
from srs_monai.cli_data import add_data_commands, run_data
from srs_monai.cli_export import add_export, run_export

logger = logging.getLogger(__name__)

FORMATS = ("auto", "nifti", "dicom-seg", "rtstruct", "png")  # as srs_monai.inference has them
INTERRUPTED = 130  # exit status of a command that Ctrl-C ended
# what concerns the user is said by this package; what its readers say of a case stands in the list at the end
LIBRARIES = ("ignite", "pydicom", "highdicom", "monai.data.nvimgcodec_pydicom_plugin", "srs_monai.data.readers")
OPTIONS = {
    "bundle",
    "device",
    "format",
    "overwrite",
    "recipe",
    "resample_uneven",
    "runtime",
    "settings",
    "trust_settings",
    "weights",
}  # not for --set


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="srs-monai", description="SRSNet for MONAI")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_predict(commands.add_parser("predict", help="segment DICOM, NIfTI and pictures, each in its own geometry"))
    export = commands.add_parser("export", help="write a trained network as ONNX, TorchScript, OpenVINO or TensorRT")
    add_export(export)
    _add_configuration(export)
    add_data_commands(commands.add_parser("data", help="list, check and split published data sets"))
    demo = commands.add_parser("demo", help="train a small network, evaluate it, segment DICOM files and a volume")
    demo.add_argument("--output", default="demo_output", help="folder for what it makes (default: %(default)s)")
    demo.add_argument("--data", help="folder with images/ and masks/; default: generated phantoms")
    demo.add_argument("--network", default="srsnet_small", help="file of configs/networks (default: %(default)s)")
    phantoms = commands.add_parser("phantoms", help="write generated ultrasound-like images with known masks")
    phantoms.add_argument("folder")
    phantoms.add_argument("--count", type=int, default=48, help="images (default: %(default)s)")
    phantoms.add_argument("--size", type=int, nargs=2, default=(128, 128), metavar=("HEIGHT", "WIDTH"), help="pixels")
    phantoms.add_argument("--seed", type=int, default=0)
    return parser


def _add_predict(predict: argparse.ArgumentParser) -> None:
    predict.add_argument("source", help="a DICOM series or file, NIfTI, a picture, or a folder of any of these")
    predict.add_argument("output", help="folder for the results; what is finished there is left as it is")
    predict.add_argument("--weights", metavar="FILE", help="RUN/model.pt of a training (default: the bundle's)")
    predict.add_argument(
        "--format", choices=FORMATS, default="auto", help="of the masks (default: NIfTI for volumes, PNG for pictures)"
    )
    predict.add_argument("--recipe", metavar="NAME", help="data set of the training, which names the labels")
    predict.add_argument("--overwrite", action="store_true", help="make results that are there anew")
    predict.add_argument(
        "--resample-uneven", action="store_true", help="bring uneven spacing and missing slices onto an even grid"
    )
    predict.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:NUMBER (default: %(default)s)")
    predict.add_argument(
        "--runtime",
        metavar="NAME",
        default="auto",
        help="what runs the network: channels_last, native, openvino ... (default: the fastest here)",
    )
    _add_configuration(predict)


def _add_configuration(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", metavar="OVERLAY", nargs="+", default=[], help="files put after the bundle's")
    command.add_argument(
        "--set", metavar="NAME=VALUE", nargs="+", default=[], type=_setting, help="values of the configuration"
    )
    command.add_argument(
        "--settings", metavar="FILE", help="settings of the weights' training (default: the file beside them)"
    )
    command.add_argument(
        "--trust-settings", action="store_true", help="import and run what the settings name; for files of your own"
    )
    command.add_argument("--bundle", metavar="FOLDER", help="another bundle than the one beside this package")


def _setting(text: str) -> tuple[str, object]:
    import yaml

    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"a value is given as NAME=VALUE; got {text!r}")
    if name in OPTIONS:
        raise argparse.ArgumentTypeError(f"{name} is an option of its own: --{name.replace('_', '-')}")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise argparse.ArgumentTypeError(f"the value is YAML, image_size=[128,128]; got {text!r}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: its exit status is 1 when it fails, with the reason as the last line, and 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        return _run(options)
    except KeyboardInterrupt:
        from srs_monai.errors import INTERRUPTED as SAID

        logger.error("srs-monai %s: %s", options.command, SAID)
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    # imported here: the help must not wait for torch and MONAI
    from subprocess import CalledProcessError

    try:
        if options.command == "predict":
            return _predict(options)
        if options.command in ("data", "export"):
            with _quiet(*LIBRARIES):
                return run_data(options) if options.command == "data" else run_export(options)
        if options.command == "demo":
            from srs_monai.demo import demo

            demo(options.output, options.data, options.network)
        else:
            from srs_monai.data.phantoms import write_phantoms

            write_phantoms(options.folder, count=options.count, size=tuple(options.size), seed=options.seed)
    except (CalledProcessError, OSError, ValueError) as error:
        logger.error("srs-monai %s: %s", options.command, error)
        return 1
    return 0


def _predict(options: argparse.Namespace) -> int:
    from srs_monai.inference import predict, summary_table, warning_list

    with _quiet(*LIBRARIES):
        results = predict(
            options.source,
            options.output,
            bundle=options.bundle,
            weights=options.weights,
            settings_file=options.settings,
            trust_settings=options.trust_settings,
            format=options.format,
            overwrite=options.overwrite,
            resample_uneven=options.resample_uneven,
            recipe=options.recipe,
            device=options.device,
            runtime=options.runtime,
            overlays=options.config,
            **dict(options.set),
        )
    there = any(result.status != "failed" for result in results)
    end = f"results are in {options.output}" if there else "nothing was written"
    logger.info("\n%s\n%s\n%s", summary_table(results), warning_list(results), end)
    return int(any(result.status == "failed" for result in results))


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Let these loggers say nothing."""
    levels = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
