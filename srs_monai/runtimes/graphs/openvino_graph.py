"""OpenVINO's own format, for processors of Intel and others."""

import sys
from pathlib import Path
from types import ModuleType

from torch import Tensor, nn

from srs_monai.environment import require
from srs_monai.errors import one_line
from srs_monai.runtimes.graphs.graph_files import replacing_graph
from srs_monai.runtimes.graphs.trace import INPUT, OUTPUT, prepared, traced


def openvino_graph(network: nn.Module, path: str | Path, *, sample: Tensor | None = None) -> None:
    """Write a network as OpenVINO IR: NAME.xml, and the float32 weights in NAME.bin; batch and sides free.

    Args:
        network: image (B, C, H, W[, D]) to logits; it is fused first.
        path: of the .xml; files that are there are replaced.
        sample: images to record with; None: made up.

    Raises:
        ValueError: for a network that has no such graph, and a path that ends otherwise; without the package openvino.
    """
    if Path(path).suffix != ".xml":
        raise ValueError(f"OpenVINO's graphs are called NAME.xml, with NAME.bin beside it; got {path}; end it in .xml")
    openvino = load_openvino()
    record, sample = traced(prepared(network), sample)
    try:
        model = openvino.convert_model(record, example_input=sample)
    except Exception as error:  # an operator without a counterpart
        raise ValueError(
            f"OpenVINO has a counterpart for what a network computes, but not for all of {type(network).__name__}: "
            f"{one_line(error)}; export it to torchscript"
        ) from error
    free = [-1, sample.shape[1], *[-1] * (sample.dim() - 2)]
    model.reshape({model.inputs[0]: openvino.PartialShape(free)})
    model.inputs[0].get_tensor().set_names({INPUT})
    model.outputs[0].get_tensor().set_names({OUTPUT})
    with replacing_graph(path) as temporary:
        openvino.save_model(model, str(temporary), compress_to_fp16=False)


def load_openvino() -> ModuleType:
    """Import OpenVINO so that nothing is sent from this machine.

    Importing it and converting a model report to a statistics server, without asking, wherever openvino_telemetry is
    installed, as it is with OpenVINO itself. Where that package cannot be imported, OpenVINO puts an empty stub of its
    own in its place.

    Raises:
        ValueError: with the command that installs it, where it is not there.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None: importing it fails
    return require("openvino")
