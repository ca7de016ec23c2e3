"""The command `srs-monai export`: the network of a training as a graph for other runtimes."""

import argparse

from srs_monai.cli.configuration_options import add_configuration_options

GRAPHS = ("onnx", "torchscript", "openvino", "tensorrt")  # as srs_monai.runtimes.graphs has them


def add_export(export: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    export.add_argument("--to", choices=GRAPHS, required=True, help="format of the graph")
    export.add_argument(
        "--output", metavar="FILE", required=True, help="graph, ending in .onnx, .ts, .xml (with .bin) or .pt2"
    )
    export.add_argument("--weights", metavar="FILE", help="RUN/model.pt of a training (default: the bundle's)")
    export.add_argument(
        "--images", metavar="PATH", help="a picture, series, volume or folder to compare on (default: phantoms)"
    )
    export.add_argument(
        "--tolerance", type=float, default=1e-4, help="largest difference of a probability (default: %(default)s)"
    )
    export.add_argument("--overwrite", action="store_true", help="replace a graph that is there")
    add_configuration_options(export)


def run_export(options: argparse.Namespace) -> int:
    """Run the command: a graph that is off is an error."""
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
