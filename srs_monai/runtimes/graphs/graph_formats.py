"""The formats of graphs by name: how each is written and run, and its file suffix."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from srs_monai.environment import require
from srs_monai.runtimes.graphs.onnx_graph import onnx_graph
from srs_monai.runtimes.graphs.openvino_graph import load_openvino, openvino_graph
from srs_monai.runtimes.graphs.tensorrt_graph import tensorrt_graph
from srs_monai.runtimes.graphs.torchscript_graph import torchscript_graph
from srs_monai.runtimes.graphs.trace import INPUT, OUTPUT, quiet

Run = Callable[[Tensor], Tensor]  # images to logits, both on the CPU


@dataclass(frozen=True)
class GraphFormat:
    """One format of graphs.

    Args:
        write: writes a network to a file.
        run: loads a file and returns a function from images to logits.
        suffix: suffix of the file.
        packages: packages for writing and running.
    """

    write: Callable[..., Any]
    run: Callable[[Path], Run]
    suffix: str
    packages: tuple[str, ...] = ()


def run_onnx(path: Path) -> Run:
    """ONNX Runtime on the CPU."""
    session = require("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda images: torch.from_numpy(session.run([OUTPUT], {INPUT: images.numpy()})[0])


def run_openvino(path: Path) -> Run:
    """OpenVINO on the CPU, in float32. By default it uses bfloat16 on CPUs that support it."""
    core = load_openvino().Core()
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    model = core.compile_model(str(path), "CPU", options)
    return lambda images: torch.from_numpy(model({INPUT: images.numpy()})[OUTPUT].copy())


def run_torchscript(path: Path) -> Run:
    """PyTorch's interpreter on the CPU."""
    with quiet():
        module = torch.jit.load(path, map_location="cpu")
    return lambda images: module(images)


def run_tensorrt(path: Path) -> Run:
    """TensorRT on the GPU."""
    require("torch_tensorrt")  # registers the engines
    module = torch.export.load(path).module().cuda()
    return lambda images: module(images.cuda()).cpu()


GRAPH_FORMATS = {
    "onnx": GraphFormat(onnx_graph, run_onnx, ".onnx", ("onnx", "onnxruntime")),
    "torchscript": GraphFormat(torchscript_graph, run_torchscript, ".ts"),
    "openvino": GraphFormat(openvino_graph, run_openvino, ".xml", ("openvino",)),
    "tensorrt": GraphFormat(tensorrt_graph, run_tensorrt, ".pt2", ("torch_tensorrt",)),
}
