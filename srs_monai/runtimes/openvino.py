"""Runtime with OpenVINO, on the CPU."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from srs_monai.runtimes.converted import Converted, graph_of
from srs_monai.runtimes.graphs import load_openvino, openvino_graph
from srs_monai.runtimes.runtime import BuildRequest, Runtime

FILE, MADE_BY = "graph.xml", ("openvino",)

_HINTS = {"float32": "f32", "bfloat16": "bf16"}  # OpenVINO uses bf16 by default on CPUs that support it
_STATIC = 4  # shapes with their own graph, which is about a tenth faster than the graph for all shapes


class OpenVino(Converted):
    """An OpenVINO model, run image by image. A single image uses all threads; several images are shared by streams.

    Args:
        request: the model was made from it.
        model: the model, with free batch and sides.
    """

    def __init__(self, request: BuildRequest, model: Any) -> None:
        super().__init__("openvino", request, (min(16, 2 * torch.get_num_threads()), 1))
        self._model, self._openvino = model, load_openvino()
        self._core = self._openvino.Core()
        self._shapes = set[tuple[int, ...]]()
        self._ready: dict[tuple[tuple[int, ...] | None, str], list[Any]] = {}

    def run(self, images: Tensor) -> Tensor:
        arrays = images.contiguous().numpy()
        requests = self._requests(arrays.shape[1:], "LATENCY" if len(arrays) == 1 else "THROUGHPUT")
        streams = len(requests)
        found: list[NDArray[np.float32]] = []
        for number in range(len(arrays) + streams):  # each stream always has one image
            request = requests[number % streams]
            if number >= streams:
                request.wait()
                found.append(np.array(request.get_output_tensor(0).data))
            if number < len(arrays):
                request.start_async({0: arrays[number : number + 1]}, share_inputs=True)
        return torch.from_numpy(np.concatenate(found))

    def _requests(self, shape: tuple[int, ...], hint: str) -> list[Any]:
        """Inference requests for images (C, H, W): one request with all threads, or one request for each stream."""
        if shape not in self._shapes and len(self._shapes) < _STATIC:
            self._shapes.add(shape)
        key = (shape if shape in self._shapes else None, hint)
        if key not in self._ready:
            compiled = self._compile(*key)
            streams = 1 if hint == "LATENCY" else compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
            self._ready[key] = [compiled.create_infer_request() for _ in range(streams)]
        return self._ready[key]

    def _compile(self, shape: tuple[int, ...] | None, hint: str) -> Any:
        model = self._model.clone()
        if shape is not None:
            model.reshape([1, *shape])
        options = {
            "INFERENCE_PRECISION_HINT": _HINTS[self.precision],
            "PERFORMANCE_HINT": hint,
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        }
        return self._core.compile_model(model, "CPU", options)


def build_openvino(request: BuildRequest) -> Runtime:
    """OpenVINO, from the cache or converted."""
    openvino = load_openvino()

    def load(path: Path) -> Any:
        return openvino.Core().read_model(str(path))

    return OpenVino(request, graph_of(request, FILE, openvino_graph, load, MADE_BY))
