"""The command `srs-monai predict`: segment images, each in its own geometry."""

import argparse
import logging

from srs_monai.cli.configuration_options import add_configuration_options

logger = logging.getLogger(__name__)

FORMATS = ("auto", "nifti", "dicom-seg", "rtstruct", "png")  # formats of srs_monai.inference


def add_predict(predict: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    predict.add_argument("source", help="a DICOM series or file, NIfTI, a picture, or a folder of any of these")
    predict.add_argument("output", help="folder for the results; finished results in it are kept")
    predict.add_argument("--weights", metavar="FILE", help="RUN/model.pt of a training (default: the bundle's)")
    predict.add_argument(
        "--format",
        choices=FORMATS,
        default="auto",
        help="format of the masks (default: NIfTI for volumes, PNG for pictures)",
    )
    predict.add_argument("--recipe", metavar="NAME", help="data set of the training; it gives the names of labels")
    predict.add_argument("--overwrite", action="store_true", help="replace existing results")
    predict.add_argument(
        "--resample-uneven", action="store_true", help="resample uneven spacing and missing slices to an even grid"
    )
    predict.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:NUMBER (default: %(default)s)")
    predict.add_argument(
        "--runtime",
        metavar="NAME",
        default="auto",
        help="runtime of the network: channels_last, native, openvino ... (default: the fastest on this machine)",
    )
    add_configuration_options(predict)


def run_predict(options: argparse.Namespace) -> int:
    """Run the command. The exit status is 1 if a case failed."""
    from srs_monai.inference import predict, summary_table, warning_list

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
