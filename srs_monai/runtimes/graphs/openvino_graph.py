"""OpenVINO's own graph format, for processors of Intel and others, and its import without telemetry."""

import sys
from pathlib import Path
from types import ModuleType

from torch import Tensor, nn

from srs_monai.environment import require
from srs_monai.errors import one_line
from srs_monai.runtimes.graphs.graph_files import replacing_graph
from srs_monai.runtimes.graphs.trace import INPUT, OUTPUT, prepared, traced


def openvino_graph(network: nn.Module, path: str | Path, *, sample: Tensor | None = None) -> None:
    """Write a network as OpenVINO IR: NAME.xml, and the float32 weights in NAME.bin; batch and sides are free.

    Args:
        network: image (B, C, H, W[, D]) to logits; it is fused first.
        path: path of the .xml; existing files are replaced.
        sample: images for recording; None: random images.

    Raises:
        ValueError: for a network that cannot be written, and a path without .xml; without the package openvino.
    """
    if Path(path).suffix != ".xml":
        raise ValueError(
            f"a graph of OpenVINO must be named NAME.xml, with NAME.bin beside it; got {path}; end it in .xml"
        )
    openvino = load_openvino()
    record, sample = traced(prepared(network), sample)
    try:
        model = openvino.convert_model(record, example_input=sample)
    except Exception as error:  # an unsupported operator
        raise ValueError(
            f"OpenVINO cannot represent all operators of {type(network).__name__}: {one_line(error)}; "
            f"export it to torchscript"
        ) from error
    free = [-1, sample.shape[1], *[-1] * (sample.dim() - 2)]
    model.reshape({model.inputs[0]: openvino.PartialShape(free)})
    model.inputs[0].get_tensor().set_names({INPUT})
    model.outputs[0].get_tensor().set_names({OUTPUT})
    with replacing_graph(path) as temporary:
        openvino.save_model(model, str(temporary), compress_to_fp16=False)


def load_openvino() -> ModuleType:
    """Import OpenVINO without sending anything from this machine.

    If openvino_telemetry is installed, which comes with OpenVINO, then importing OpenVINO and converting a model report
    to a statistics server, without consent. If that package cannot be imported, OpenVINO uses an empty stub instead.

    Raises:
        ValueError: with the command that installs OpenVINO, if it is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None makes the import fail
    return require("openvino")
