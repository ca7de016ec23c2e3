"""ONNX: a graph for many runtimes."""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from srs_monai.errors import one_line
from srs_monai.inference.graphs.packages import require
from srs_monai.inference.graphs.replacing import replacing_graph
from srs_monai.inference.graphs.trace import AXES, INPUT, OUTPUT, prepared, quiet, traced

OPSET = 18
_LARGEST = 2**31  # bytes, of a file of protocol buffers


def onnx_graph(network: nn.Module, path: str | Path, *, sample: Tensor | None = None) -> None:
    """Write a network as ONNX, one file with the weights in it: float32, batch and sides free, "image" gives "logits".

    Args:
        network: image (B, C, H, W[, D]) to logits; it is fused first.
        path: of the file; one that is there is replaced.
        sample: images to record with; None: made up.

    Raises:
        ValueError: for a network that has no such graph, or is too large for one file; without the package onnx.
    """
    require("onnx")
    size = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    if size >= _LARGEST:
        raise ValueError(
            f"an ONNX file holds less than 2 GB, but the weights of {type(network).__name__} are "
            f"{size / 2**30:.1f} GB; export it to torchscript or openvino"
        )
    graph = prepared(network)
    _, sample = traced(graph, sample)  # for the check: the exporter makes a record of its own
    free = dict(zip((0, *range(2, sample.dim())), AXES, strict=False))
    # the exporter that records takes 3 s; torch.export and its decompositions take 27 s for the same graph
    with replacing_graph(path) as temporary, quiet(), torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # several, of this exporter
        try:
            torch.onnx.export(
                graph,
                (sample,),
                str(temporary),
                dynamo=False,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_axes={INPUT: free, OUTPUT: free},
            )
        except Exception as error:  # an operator without a counterpart, in whatever form torch says so
            raise ValueError(
                f"ONNX has a counterpart for what a network computes, but not for all of {type(network).__name__}: "
                f"{one_line(error)}; export it to torchscript or openvino"
            ) from error
