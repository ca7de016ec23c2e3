"""One fusion step of SRSNet's grid: the enlarged coarse map is joined with the map of the next finer row."""

import torch
from monai.networks.blocks import Convolution
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.layers.attention import ECA
from srs_monai.networks.layers.fold_pixels import to_space


class RowFusion(nn.Module):
    """One fusion step: enlarge the coarse map and join it with the last node of the next finer row.

    Args:
        coarse_channels: channels of the coarse map.
        channels: channels C of the fine map and of the result.
        patch_contrast: apply IPATR to the fine map first.
        spatial_dims: 2 or 3.

    Shapes: fine (B, C, H, W[, D]) and coarse (B, coarse_channels, H / 2, W / 2[, D / 2]) give (B, C, H, W[, D]).
    """

    def __init__(self, coarse_channels: int, channels: int, *, patch_contrast: bool, spatial_dims: int) -> None:
        super().__init__()
        self.contrast = IPATR(channels, spatial_dims=spatial_dims) if patch_contrast else nn.Identity()
        self.enlarge = UpShuffle(coarse_channels, channels, spatial_dims=spatial_dims)
        self.blam = BLAM(channels, spatial_dims=spatial_dims)

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        fused: Tensor = self.blam(self.contrast(fine), self.enlarge(coarse))
        return fused


class IPATR(nn.Module):
    """Strengthen pixels that differ from the patch around them, as seen by three convolutions of growing reach.

    Each convolution f estimates the patch m = f(x) and its spread s = sigmoid(f(x - m)). The contrast is (x - m) / s,
    with epsilon added to both sides of the quotient. The sigmoid of the mean contrast weights x, and the weighted x is
    added to x.

    Args:
        channels: channels C of the feature.
        spatial_dims: 2 or 3.
        epsilon: added to numerator and denominator.

    Shapes: (B, C, H, W[, D]) gives (B, C, H, W[, D]).

    Source: SRSNet, IEEE TIP 2025, and its released code.
    """

    def __init__(self, channels: int, *, spatial_dims: int = 2, epsilon: float = 0.001) -> None:
        super().__init__()
        conv = Conv[Conv.CONV, spatial_dims]
        self.epsilon = epsilon
        self.patches = nn.ModuleList(
            [
                conv(channels, channels, 1),
                conv(channels, channels, 3, padding=1),
                conv(channels, channels, 3, padding=2, dilation=2),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        contrast = torch.zeros_like(x)
        for patch in self.patches:
            difference = x - patch(x)
            spread = torch.sigmoid(patch(difference))
            contrast = contrast + (difference + self.epsilon) / (spread + self.epsilon)
        return x + torch.sigmoid(contrast / len(self.patches)) * x


class UpShuffle(nn.Module):
    """Double the size by moving groups of channels into space; then convolve, normalise and rectify.

    Args:
        in_channels: a multiple of 2 ** spatial_dims.
        out_channels: channels of the result.
        spatial_dims: 2 or 3.

    Shapes: (B, in_channels, H, W[, D]) gives (B, out_channels, 2 H, 2 W[, 2 D]).

    Raises:
        ValueError: if in_channels is not a multiple of 2 ** spatial_dims.

    Source: sub-pixel convolution, CVPR 2016, as in the released SRSNet.
    """

    def __init__(self, in_channels: int, out_channels: int, *, spatial_dims: int = 2) -> None:
        super().__init__()
        share = 2**spatial_dims
        if in_channels % share:
            raise ValueError(
                f"UpShuffle in {spatial_dims} dimensions needs in_channels in multiples of {share}, got {in_channels}; "
                f"use {(in_channels // share + 1) * share}"
            )
        self.conv = Convolution(spatial_dims, in_channels // share, out_channels, norm="batch", act="relu")

    def forward(self, x: Tensor) -> Tensor:
        enlarged: Tensor = self.conv(to_space(x, 2))
        return enlarged


class BLAM(nn.Module):
    """Bottom-up local attention: join the coarse map, weighted by channel, with the fine map, refined by pixel.

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
