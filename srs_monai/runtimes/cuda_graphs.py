"""Runtime with CUDA graphs: the kernels of a network are recorded once for each shape and launched together."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from srs_monai.runtimes.pytorch import Eager
from srs_monai.runtimes.runtime import BuildRequest, Runtime, to_power_of_two, usual_batches

_KEPT = 8  # recordings; each holds the memory of its activations
_WARM_UP = 3  # runs before recording, in which libraries choose algorithms and allocate work space


@dataclass(frozen=True)
class _Recorded:
    graph: torch.cuda.CUDAGraph
    images: Tensor
    logits: Tensor


class CudaGraphs(Eager):
    """A network whose work on a GPU is recorded for each shape of images and replayed."""

    def __init__(self, network: torch.nn.Module, precision: str, batch_sizes: Sequence[int]) -> None:
        super().__init__(network, "cuda_graphs", precision, batch_sizes, channels_last=True)
        self._recorded: OrderedDict[tuple[int, ...], _Recorded] = OrderedDict()

    def logits(self, images: Tensor) -> Tensor:
        filled = to_power_of_two(images, self.batch_size or len(images))
        with torch.cuda.device(images.device):
            recorded = self._of(filled)
            recorded.images.copy_(filled)
            recorded.graph.replay()
            return recorded.logits[: len(images)].clone()  # the next replay overwrites this memory

    def _of(self, images: Tensor) -> _Recorded:
        """The recording for this shape; a new one replaces the least recently used one if there are many."""
        shape = tuple(images.shape)
        if shape not in self._recorded:
            if len(self._recorded) == _KEPT:
                self._recorded.popitem(last=False)[1].graph.reset()
            self._recorded[shape] = self._record(images)
        self._recorded.move_to_end(shape)
        return self._recorded[shape]

    def _record(self, images: Tensor) -> _Recorded:
        static = self.laid_out(images).clone(memory_format=torch.preserve_format)
        run = super().logits
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UP):
                run(static)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # thread_local: other threads may use the GPU during the recording
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            logits = run(static)
        return _Recorded(graph, static, logits)


def build_cuda_graphs(request: BuildRequest) -> Runtime:
    """CUDA graphs of PyTorch's own kernels, channels last."""
    return CudaGraphs(request.fused(channels_last=True), request.precision, usual_batches(request.device))
