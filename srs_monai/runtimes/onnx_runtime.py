"""Runtime with ONNX Runtime, on the CPU."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from srs_monai.environment import require
from srs_monai.runtimes.converted import Converted, graph_of
from srs_monai.runtimes.graphs import onnx_graph
from srs_monai.runtimes.runtime import BuildRequest, Runtime, usual_batches

FILE, MADE_BY = "graph.onnx", ("onnx",)


class OnnxRuntime(Converted):
    """A session of ONNX Runtime."""

    def __init__(self, request: BuildRequest, session: Any) -> None:
        super().__init__("onnxruntime", request, usual_batches(request.device))
        self._session = session
        self._image = session.get_inputs()[0].name

    def run(self, images: Tensor) -> Tensor:
        (logits,) = self._session.run(None, {self._image: images.contiguous().numpy()})
        return torch.from_numpy(logits)


def build_onnx_runtime(request: BuildRequest) -> Runtime:
    """ONNX Runtime with the number of threads of PyTorch."""
    onnxruntime = require("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # errors

    def load(path: Path) -> Any:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    return OnnxRuntime(request, graph_of(request, FILE, onnx_graph, load, MADE_BY))
