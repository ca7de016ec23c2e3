"""What all runtimes have in common: images in, probabilities out, batch by batch."""

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
    """A network, and how and where it is to run.

    Args:
        network: that gives logits; it stays as it is.
        precision: "float32", "bfloat16" or "float16".
        device: where images will be.
        image_size: of most of them, height and width in pixels.
    """

    network: nn.Module
    precision: str
    device: torch.device
    image_size: Sequence[int]

    def fused(self, *, channels_last: bool) -> nn.Module:
        """A copy for inference on the device."""
        return place(fuse(self.network), self.device, channels_last)


class Runtime(ABC):
    """A network made ready for inference in one way.

    A batch is cut into what is fastest, whatever size it has.

    Args:
        name: of the way, as `RUNTIMES` has it.
        precision: "float32", "bfloat16" or "float16", of the operations that are lowered; the result is float32.
        batch_sizes: numbers of images at once that may be fastest, each at least 1, the usual one first; none: all
            images that are given go through at once.

    Shapes: images (B, C, H, W) float32, on the runtime's device, give probabilities (B, classes, H, W) float32 there:
    the sigmoid of one channel, else the softmax over the classes.
    """

    def __init__(self, name: str, precision: str, batch_sizes: Sequence[int] = ()) -> None:
        self._name, self.precision, self.batch_sizes = name, precision, tuple(batch_sizes)
        self.batch_size = self.batch_sizes[0] if self.batch_sizes else None  # images at once

    @property
    def name(self) -> str:
        """How `RUNTIMES` calls what computes."""
        return self._name

    def __call__(self, images: Tensor) -> Tensor:
        """Probabilities of images, with their meta data where they have any."""
        batch = plain(images)
        with torch.no_grad():
            parts = [probabilities(self.logits(part)) for part in batch.split(self.batch_size or max(1, len(batch)))]
        return with_meta_of(images, parts[0] if len(parts) == 1 else torch.cat(parts))

    @abstractmethod
    def logits(self, images: Tensor) -> Tensor:
        """Logits of no more than `batch_size` images, in any floating-point type."""


def usual_batches(device: torch.device) -> tuple[int, ...]:
    """Images at once: a CPU's caches hold few, a GPU is filled by many."""
    return (1, 2, 4) if device.type == "cpu" else (16, 8, 32, 64)


def to_power_of_two(images: Tensor, limit: int) -> Tensor:
    """Images filled up with copies of the last to the next power of two, or to the limit where that is smaller.

    So the shapes of all batches of up to `limit` images are few, for runtimes that prepare something for each shape.
    """
    count = len(images)
    wanted = min(1 << (count - 1).bit_length(), max(limit, count))
    return images if wanted == count else torch.cat([images, images[-1:].expand(wanted - count, *images.shape[1:])])
