"""What a runtime is built for."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from srs_monai.device import place
from srs_monai.networks.fuse import fuse


@dataclass(frozen=True)
class Target:
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
