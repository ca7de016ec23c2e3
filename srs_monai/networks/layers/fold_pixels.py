"""Pixels folded into channels, and channels unfolded into pixels."""

import torch.nn.functional as F
from monai.networks.utils import pixelshuffle
from torch import Tensor


def to_channels(x: Tensor, factor: int) -> Tensor:
    """Fold squares (cubes) of pixels into channels: (B, C, H, W[, D]) gives factor ** 2 (3) times C, smaller sides."""
    if factor == 1:
        return x
    if x.dim() == 4:
        return F.pixel_unshuffle(x, factor)
    # MONAI's pixelunshuffle, in operations that TorchScript accepts
    batch, channels, height, width, depth = x.shape
    sides = (height // factor, width // factor, depth // factor)
    cubes = x.reshape(batch, channels, sides[0], factor, sides[1], factor, sides[2], factor)
    folded = channels * factor * factor * factor
    return cubes.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(batch, folded, sides[0], sides[1], sides[2])


def to_space(x: Tensor, factor: int) -> Tensor:
    """Unfold channels into squares (cubes) of pixels: the inverse of `to_channels`."""
    if factor == 1:
        return x
    return F.pixel_shuffle(x, factor) if x.dim() == 4 else pixelshuffle(x, spatial_dims=3, scale_factor=factor)
