"""The command `srs-monai export`: write a trained network as a graph for other runtimes."""

import argparse

from srs_monai.cli.configuration_options import add_configuration_options

GRAPHS = ("onnx", "torchscript", "openvino", "tensorrt")  # formats of srs_monai.runtimes.graphs


def add_export(export: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    export.add_argument("--to", choices=GRAPHS, required=True, help="format of the graph")
    export.add_argument(
        "--output", metavar="FILE", required=True, help="file of the graph: .onnx, .ts, .xml (with .bin) or .pt2"
    )
    export.add_argument("--weights", metavar="FILE", help="RUN/model.pt of a training (default: the bundle's)")
    export.add_argument(
        "--images", metavar="PATH", help="a picture, series, volume or folder for the comparison (default: phantoms)"
    )
    export.add_argument(
        "--tolerance",
        type=float,
        default=1e-4,
        help="largest allowed difference of a probability (default: %(default)s)",
    )
    export.add_argument("--overwrite", action="store_true", help="replace an existing graph")
    add_configuration_options(export)


def run_export(options: argparse.Namespace) -> int:
    """Run the command. A graph with wrong results is an error."""
    from srs_monai.export.export_network import export

    export(
        options.output,
        options.to,
        weights=options.weights,
        settings_file=options.settings,
        trust_settings=options.trust_settings,
        bundle=options.bundle,
        overlays=options.config,
        images=options.images,
        tolerance=options.tolerance,
        overwrite=options.overwrite,
        **dict(options.set),
    )
    return 0
