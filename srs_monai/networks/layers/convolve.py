"""Convolutions whose kernel is a tensor at hand instead of a layer's own weight."""

import torch.nn.functional as F
from torch import Tensor


def conv_same(x: Tensor, kernel: Tensor, groups: int = 1) -> Tensor:
    """Convolve x, (B, I, ...), with kernel, (O, I / groups, K, ...), K odd; the result, (B, O, ...), keeps its size."""
    padding = kernel.shape[-1] // 2
    if kernel.dim() == 4:
        return F.conv2d(x, kernel, padding=padding, groups=groups)
    return F.conv3d(x, kernel, padding=padding, groups=groups)


def conv_per_sample(x: Tensor, kernel: Tensor) -> Tensor:
    """Convolve sample b of x, (B, I, ...), with kernel b, (B, O, I, K, ...), K odd; the result is (B, O, ...)."""
    batch = x.shape[0]
    side_by_side = x.flatten(0, 1).unsqueeze(0)  # (1, B * I, ...): one convolution group per sample
    y = conv_same(side_by_side, kernel.flatten(0, 1), groups=batch)
    separate: Tensor = y.squeeze(0).unflatten(0, [batch, -1])
    return separate
