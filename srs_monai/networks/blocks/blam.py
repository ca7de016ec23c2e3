"""Fusion of a fine map with a coarser one that was brought to its size."""

import torch
from monai.networks.blocks import Convolution
from torch import Tensor, nn

from srs_monai.networks.layers.eca import ECA


class BLAM(nn.Module):
    """Bottom-up local attention: the coarse map weighted by channel beside the fine map refined pixel by pixel.

    Args:
        channels: channels C of both inputs and of the result.
        spatial_dims: 2 or 3.

    Shapes: fine and coarse, both (B, C, H, W[, D]), give (B, C, H, W[, D]).

    Source: SRSNet, IEEE TIP 2025, and its released code.
    """

    def __init__(self, channels: int, *, spatial_dims: int = 2) -> None:
        super().__init__()

        def pointwise(in_channels: int) -> Convolution:
            return Convolution(spatial_dims, in_channels, channels, kernel_size=1, norm="batch", act="relu")

        self.eca = ECA(spatial_dims=spatial_dims)
        self.refine = nn.Sequential(pointwise(channels), pointwise(channels))
        self.fuse = pointwise(2 * channels)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        fused: Tensor = self.fuse(torch.cat([self.eca(coarse), self.refine(fine)], dim=1))
        return fused
