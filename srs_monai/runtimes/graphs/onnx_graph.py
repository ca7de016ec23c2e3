"""ONNX: a graph for many runtimes."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor, nn

from srs_monai.environment import require
from srs_monai.errors import one_line
from srs_monai.runtimes.graphs.graph_files import replacing_graph
from srs_monai.runtimes.graphs.trace import AXES, INPUT, OUTPUT, Graph, prepared, traced

OPSET = 18
MULTIPLE = 32  # of which sides are, where torch.export has to know: all networks here halve a side five times at most
_LARGEST = 2**31  # bytes, of a file of protocol buffers


def onnx_graph(network: nn.Module, path: str | Path, *, sample: Tensor | None = None) -> None:
    """Write a network as ONNX, one file with the weights in it: float32, batch and sides free, "image" gives "logits".

    Sides are whatever the network takes; of networks with operators that torch.export alone translates (attention),
    multiples of 32.

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
    with replacing_graph(path) as temporary, torch.no_grad(), _silent():
        try:
            # 3 s for the whole SRSNet, where torch.export and its decompositions take 27 s for the same graph
            _recorded(graph, sample, temporary)
        except Exception:  # an operator that this exporter does not know, and the other may
            try:
                _exported(graph, sample, temporary)
            except Exception as error:  # in whatever form torch says so
                raise ValueError(
                    f"ONNX has a counterpart for what a network computes, but not for all of {graph.name}: "
                    f"{one_line(error)}; export it to torchscript or openvino"
                ) from error


def _recorded(graph: Graph, sample: Tensor, path: Path) -> None:
    """By the exporter that runs the network once."""
    free = dict(zip((0, *range(2, sample.dim())), AXES, strict=False))
    torch.onnx.export(
        graph,
        (sample,),
        str(path),
        dynamo=False,
        opset_version=OPSET,
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_axes={INPUT: free, OUTPUT: free},
    )


def _exported(graph: Graph, sample: Tensor, path: Path) -> None:
    """By the exporter that follows sizes through the network's operations."""
    batch, *sides = (torch.export.Dim(name) for name in AXES[: sample.dim() - 1])
    free = {0: batch, **{axis: MULTIPLE * side for axis, side in enumerate(sides, 2)}}
    torch.onnx.export(
        graph,
        (sample,),
        str(path),
        dynamo=True,
        external_data=False,
        verbose=False,
        opset_version=OPSET,
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes=(free,),
    )


@contextmanager
def _silent() -> Iterator[None]:
    """Let the exporters say nothing of their age, their passes and packages they do without; numbers tell the rest.

    Before an error, the one that records prints the whole graph.
    """
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), patch.object(torch._C, "_jit_onnx_log", _say_nothing, create=True):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _say_nothing(*_: object) -> None:
    """In the place of what prints."""
