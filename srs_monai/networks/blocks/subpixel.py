"""Enlargement that spends channels for resolution."""

import torch.nn.functional as F
from monai.networks.blocks import Convolution
from monai.networks.utils import pixelshuffle
from torch import Tensor, nn


class UpShuffle(nn.Module):
    """Double the size by moving groups of channels into space, then convolve, normalise and rectify.

    Args:
        in_channels: must be a multiple of 2 ** spatial_dims.
        out_channels: channels of the result.
        spatial_dims: 2 or 3.

    Shapes: (B, in_channels, H, W[, D]) gives (B, out_channels, 2 H, 2 W[, 2 D]).

    Raises:
        ValueError: when in_channels is no multiple of 2 ** spatial_dims.

    Source: sub-pixel convolution, CVPR 2016, as in the released SRSNet.
    """

    def __init__(self, in_channels: int, out_channels: int, *, spatial_dims: int = 2) -> None:
        super().__init__()
        share = 2**spatial_dims
        if in_channels % share:
            raise ValueError(
                f"doubling {spatial_dims} sides takes channels in multiples of {share}, got {in_channels}; "
                f"use {(in_channels // share + 1) * share}"
            )
        self.conv = Convolution(spatial_dims, in_channels // share, out_channels, norm="batch", act="relu")

    def forward(self, x: Tensor) -> Tensor:
        shuffled = F.pixel_shuffle(x, 2) if x.dim() == 4 else pixelshuffle(x, spatial_dims=3, scale_factor=2)
        enlarged: Tensor = self.conv(shuffled)
        return enlarged
