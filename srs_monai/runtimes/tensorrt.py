"""Runtime with TensorRT, on NVIDIA GPUs."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from srs_monai.environment import require
from srs_monai.runtimes.converted import Converted, graph_of
from srs_monai.runtimes.graphs import tensorrt_graph
from srs_monai.runtimes.runtime import BuildRequest, Runtime

FILE = "graph.ep"

_BATCHES = (1, 16, 16)  # least, usual and greatest; an engine is tuned for the usual ones
_SIDES = (64, 512)  # pixels; every engine supports them


class TensorRt(Converted):
    """An exported program with TensorRT engines."""

    def __init__(self, request: BuildRequest, program: Any) -> None:
        super().__init__("tensorrt", request, (16, 8))
        self._program, self._device = program, request.device

    def run(self, images: Tensor) -> Tensor:
        with torch.cuda.device(self._device):
            logits: Tensor = self._program(images.contiguous())
        return logits


def build_tensorrt(request: BuildRequest) -> Runtime:
    """TensorRT, from the cache, or built for this GPU, which takes minutes."""
    require("torch_tensorrt")  # needed to read a program
    size = request.image_size
    sides = (min(_SIDES[0], *size), max(size), max(_SIDES[1], *size))

    def convert(network: nn.Module, path: Path) -> None:
        with torch.cuda.device(request.device):
            tensorrt_graph(network, path, precision=request.precision, batches=_BATCHES, sides=sides)

    def load(path: Path) -> Any:
        return torch.export.load(str(path)).module()

    gpu = torch.cuda.get_device_name(request.device)
    made_by = ("torch_tensorrt", "tensorrt", gpu, request.precision, str(sides))
    return TensorRt(request, graph_of(request, FILE, convert, load, made_by))
