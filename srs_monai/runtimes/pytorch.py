"""Runtimes of PyTorch's own operations: one by one in either memory layout, or compiled."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from srs_monai.runtimes.runtime import BuildRequest, Runtime, to_power_of_two, usual_batches
from srs_monai.tensors import PRECISIONS, channels_last, finest

Network = Callable[[Tensor], Tensor | list[Tensor]]


class Eager(Runtime):
    """A network called under autocast.

    Args:
        network: any callable from images to logits.
        name, precision, batch_sizes: see `Runtime`.
        channels_last: bring images into the memory layout of the network's weights.
    """

    def __init__(
        self, network: Network, name: str, precision: str, batch_sizes: Sequence[int], channels_last: bool = False
    ) -> None:
        super().__init__(name, precision, batch_sizes)
        self.network, self.channels_last = network, channels_last

    def logits(self, images: Tensor) -> Tensor:
        return finest(self.network(self.laid_out(images))) if self.precision == "float32" else self._lowered(images)

    def laid_out(self, images: Tensor) -> Tensor:
        """Images in the memory layout of the weights."""
        return channels_last(images) if self.channels_last else images.contiguous()

    def _lowered(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, dtype=PRECISIONS[self.precision]):
            return finest(self.network(self.laid_out(images)))


class Compiled(Eager):
    """A compiled network. On a GPU its kernels are launched as one CUDA graph."""

    def logits(self, images: Tensor) -> Tensor:
        filled = to_power_of_two(images, self.batch_size or len(images))
        result = super().logits(filled)[: len(images)]
        return result.clone() if images.device.type == "cuda" else result  # the next launch overwrites this memory


def build_eager(request: BuildRequest) -> Runtime:
    """PyTorch's own operations, channels first."""
    return Eager(request.fused(channels_last=False), "eager", request.precision, usual_batches(request.device))


def build_channels_last(request: BuildRequest) -> Runtime:
    """PyTorch's own operations, channels last."""
    network = request.fused(channels_last=True)
    return Eager(network, "channels_last", request.precision, usual_batches(request.device), channels_last=True)


def build_compiled(request: BuildRequest) -> Runtime:
    """torch.compile. The first image of each size waits for the compiler, up to a minute."""
    network = request.fused(channels_last=True)
    if request.device.type == "cuda":
        compiled = torch.compile(network, mode="reduce-overhead")
    else:
        compiled = torch.compile(network, options={"freezing": True})  # weights are constants and laid out once
    return Compiled(compiled, "compile", request.precision, usual_batches(request.device), channels_last=True)
