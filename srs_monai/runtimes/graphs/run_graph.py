"""Graphs run from their files, each by its own runtime, for comparison."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from srs_monai.environment import require
from srs_monai.runtimes.graphs.load_openvino import load_openvino
from srs_monai.runtimes.graphs.trace import INPUT, OUTPUT, quiet

Run = Callable[[Tensor], Tensor]  # images to logits, both on the CPU


def run_onnx(path: Path) -> Run:
    """ONNX Runtime on the CPU."""
    session = require("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda images: torch.from_numpy(session.run([OUTPUT], {INPUT: images.numpy()})[0])


def run_openvino(path: Path) -> Run:
    """OpenVINO on the CPU, in float32: where a CPU has bfloat16, it would compute in that."""
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
