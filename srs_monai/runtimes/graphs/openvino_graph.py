"""OpenVINO's own format, for processors of Intel and others."""

from pathlib import Path

from torch import Tensor, nn

from srs_monai.errors import one_line
from srs_monai.runtimes.graphs.graph_files import replacing_graph
from srs_monai.runtimes.graphs.load_openvino import load_openvino
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
