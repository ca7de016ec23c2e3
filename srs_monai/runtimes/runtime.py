"""The request for a runtime, and the base of all runtimes: images to probabilities, batch by batch."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from srs_monai.device import place
from srs_monai.networks.fuse import fuse
from srs_monai.tensors import plain, probabilities, with_meta_of


@dataclass(frozen=True)
class BuildRequest:
    """A network, and how and where it shall run.

    Args:
        network: returns logits; it stays unchanged.
        precision: "float32", "bfloat16" or "float16".
        device: device of the images.
        image_size: height and width in pixels of most images.
    """

    network: nn.Module
    precision: str
    device: torch.device
    image_size: Sequence[int]

    def fused(self, *, channels_last: bool) -> nn.Module:
        """A fused copy of the network on the device."""
        return place(fuse(self.network), self.device, channels_last)


class Runtime(ABC):
    """A network prepared for inference in one way.

    A batch of any size is split into batches of the fastest size.

    Args:
        name: the name in `RUNTIMES`.
        precision: "float32", "bfloat16" or "float16", for the operations that support it; the result is float32.
        batch_sizes: numbers of images per batch that may be fastest, each at least 1, the usual one first. An empty
            sequence means that batches are not split.

    Shapes: images (B, C, H, W) float32, on the runtime's device, give probabilities (B, classes, H, W) float32 there:
    the sigmoid of a single channel, else the softmax over the classes.
    """

    def __init__(self, name: str, precision: str, batch_sizes: Sequence[int] = ()) -> None:
        self._name, self.precision, self.batch_sizes = name, precision, tuple(batch_sizes)
        self.batch_size = self.batch_sizes[0] if self.batch_sizes else None  # images per batch

    @property
    def name(self) -> str:
        """The name in `RUNTIMES` of the runtime that computes."""
        return self._name

    def __call__(self, images: Tensor) -> Tensor:
        """Probabilities of images, with the meta data of the images if they have any."""
        batch = plain(images)
        with torch.no_grad():
            parts = [probabilities(self.logits(part)) for part in batch.split(self.batch_size or max(1, len(batch)))]
        return with_meta_of(images, parts[0] if len(parts) == 1 else torch.cat(parts))

    @abstractmethod
    def logits(self, images: Tensor) -> Tensor:
        """Logits of at most `batch_size` images, in any floating-point type."""


def usual_batches(device: torch.device) -> tuple[int, ...]:
    """Usual numbers of images per batch: few fit into the caches of a CPU, many are needed to fill a GPU."""
    return (1, 2, 4) if device.type == "cpu" else (16, 8, 32, 64)


def to_power_of_two(images: Tensor, limit: int) -> Tensor:
    """Images, filled up to the next power of two with copies of the last image, but not beyond the limit.

    So batches of up to `limit` images have few shapes, for runtimes that prepare each shape.
    """
    count = len(images)
    wanted = min(1 << (count - 1).bit_length(), max(limit, count))
    return images if wanted == count else torch.cat([images, images[-1:].expand(wanted - count, *images.shape[1:])])
