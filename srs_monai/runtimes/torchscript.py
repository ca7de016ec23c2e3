"""Runtime with TorchScript: PyTorch's operations without Python, and weights as constants."""

from pathlib import Path

import torch
from torch import Tensor

from srs_monai.runtimes.converted import Converted, graph_of
from srs_monai.runtimes.graphs import torchscript_graph
from srs_monai.runtimes.runtime import BuildRequest, Runtime, usual_batches

FILE = "graph.ts"


class TorchScript(Converted):
    """A frozen TorchScript module."""

    def __init__(self, request: BuildRequest, module: torch.jit.ScriptModule) -> None:
        super().__init__("torchscript", request, usual_batches(request.device))
        self._module = module

    def run(self, images: Tensor) -> Tensor:
        logits: Tensor = self._module(images.contiguous(memory_format=torch.channels_last))
        return logits


def build_torchscript(request: BuildRequest) -> Runtime:
    """TorchScript, from the cache or converted."""

    def load(path: Path) -> torch.jit.ScriptModule:
        frozen: torch.jit.ScriptModule = torch.jit.freeze(torch.jit.load(path, map_location=request.device).eval())
        return frozen

    return TorchScript(request, graph_of(request, FILE, torchscript_graph, load))
