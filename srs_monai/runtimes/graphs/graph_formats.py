"""The formats of graphs by name: how each is written, run again and called."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srs_monai.runtimes.graphs.onnx_graph import onnx_graph
from srs_monai.runtimes.graphs.openvino_graph import openvino_graph
from srs_monai.runtimes.graphs.run_graph import Run, run_onnx, run_openvino, run_tensorrt, run_torchscript
from srs_monai.runtimes.graphs.tensorrt_graph import tensorrt_graph
from srs_monai.runtimes.graphs.torchscript_graph import torchscript_graph


@dataclass(frozen=True)
class GraphFormat:
    """One format of graphs.

    Args:
        write: a network to a file.
        run: the graph of a file.
        suffix: with which the file's name ends.
        packages: that writing and running need.
    """

    write: Callable[..., Any]
    run: Callable[[Path], Run]
    suffix: str
    packages: tuple[str, ...] = ()


GRAPH_FORMATS = {
    "onnx": GraphFormat(onnx_graph, run_onnx, ".onnx", ("onnx", "onnxruntime")),
    "torchscript": GraphFormat(torchscript_graph, run_torchscript, ".ts"),
    "openvino": GraphFormat(openvino_graph, run_openvino, ".xml", ("openvino",)),
    "tensorrt": GraphFormat(tensorrt_graph, run_tensorrt, ".pt2", ("torch_tensorrt",)),
}
