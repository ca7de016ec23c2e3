"""Runtimes of torch as it is: operation by operation, in either memory layout."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from srs_monai.runtimes.build_request import Target
from srs_monai.runtimes.runtime import Runtime, usual_batches
from srs_monai.tensors import PRECISIONS, channels_last, finest

Network = Callable[[Tensor], Tensor | list[Tensor]]


class Eager(Runtime):
    """A network called under autocast.

    Args:
        network: any callable from images to logits.
        name, precision, batch_sizes: see Runtime.
        channels_last: lay images out for convolutions, as the network's weights are.
    """

    def __init__(
        self, network: Network, name: str, precision: str, batch_sizes: Sequence[int], channels_last: bool = False
    ) -> None:
        super().__init__(name, precision, batch_sizes)
        self.network, self.channels_last = network, channels_last

    def logits(self, images: Tensor) -> Tensor:
        return finest(self.network(self.laid_out(images))) if self.precision == "float32" else self._lowered(images)

    def laid_out(self, images: Tensor) -> Tensor:
        """Images in the layout of the weights; those of volumes have their own."""
        return channels_last(images) if self.channels_last else images.contiguous()

    def _lowered(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, dtype=PRECISIONS[self.precision]):
            return finest(self.network(self.laid_out(images)))


def build_eager(target: Target) -> Runtime:
    """torch as it is, channels first."""
    return Eager(target.fused(channels_last=False), "eager", target.precision, usual_batches(target.device))


def build_channels_last(target: Target) -> Runtime:
    """torch as it is, channels last."""
    network = target.fused(channels_last=True)
    return Eager(network, "channels_last", target.precision, usual_batches(target.device), channels_last=True)
