"""ONNX: a graph format for many runtimes."""

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
MULTIPLE = 32  # sides are multiples of it if torch.export is used: networks here halve a side at most five times
_LARGEST = 2**31  # bytes in a file of protocol buffers


def onnx_graph(network: nn.Module, path: str | Path, *, sample: Tensor | None = None) -> None:
    """Write a network as ONNX in one file with its weights: float32, free batch and sides, "image" gives "logits".

    Sides may be all that the network accepts. For networks with operators that only torch.export translates
    (attention), sides must be multiples of 32.

    Args:
        network: image (B, C, H, W[, D]) to logits; it is fused first.
        path: path of the file; an existing file is replaced.
        sample: images for recording; None: random images.

    Raises:
        ValueError: for a network that cannot be written, or is too large for one file; without the package onnx.
    """
    require("onnx")
    size = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    if size >= _LARGEST:
        raise ValueError(
            f"an ONNX file holds less than 2 GB, but the weights of {type(network).__name__} are "
            f"{size / 2**30:.1f} GB; export it to torchscript or openvino"
        )
    graph = prepared(network)
    _, sample = traced(graph, sample)  # for the check only: the exporter records the network again
    with replacing_graph(path) as temporary, torch.no_grad(), _silent():
        try:
            # 3 s for the whole SRSNet, where torch.export and its decompositions take 27 s for the same graph
            _recorded(graph, sample, temporary)
        except Exception:  # an operator that this exporter does not support, but the other may
            try:
                _exported(graph, sample, temporary)
            except Exception as error:  # torch raises many types
                raise ValueError(
                    f"ONNX cannot represent all operators of {graph.name}: {one_line(error)}; "
                    f"export it to torchscript or openvino"
                ) from error


def _recorded(graph: Graph, sample: Tensor, path: Path) -> None:
    """Export by running the network once."""
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
    """Export by following sizes through the network's operations."""
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
    """Suppress messages of the exporters about deprecation, passes and missing packages; values are compared later.

    Before an error, the recording exporter prints the whole graph.
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
    """Replaces a function that prints."""
