"""Convolutions with a kernel that is given as a tensor, not as the weight of a layer."""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor


def conv_same(x: Tensor, kernel: Tensor, groups: int = 1) -> Tensor:
    """Convolve x, (B, I, ...), with kernel, (O, I / groups, K, ...), K odd; the result is (B, O, ...)."""
    padding = [side // 2 for side in kernel.shape[2:]]
    if kernel.dim() == 4:
        return F.conv2d(x, kernel, padding=padding, groups=groups)
    return F.conv3d(x, kernel, padding=padding, groups=groups)


def conv(x: Tensor, kernel: Tensor, stride: list[int], padding: list[int], dilation: list[int], groups: int) -> Tensor:
    """Convolve x, (B, I, ...), with kernel, (O, I / groups, K, ...), in two or three spatial dimensions."""
    if kernel.dim() == 4:
        return F.conv2d(x, kernel, None, stride, padding, dilation, groups)
    return F.conv3d(x, kernel, None, stride, padding, dilation, groups)


def conv_per_sample(x: Tensor, kernel: Tensor) -> Tensor:
    """Convolve sample b of x, (B, I, ...), with kernel b, (B, O, I, K, ...), K odd; the result is (B, O, ...)."""
    if torch.jit.is_scripting():  # type: ignore[attr-defined]
        return _group_per_sample(x, kernel)
    if exporting():
        ones, padding = [1] * (x.dim() - 2), [side // 2 for side in kernel.shape[3:]]
        return _sum_over_positions(x, kernel, ones, padding, ones, 1)
    return _group_per_sample(x, kernel)


def _group_per_sample(x: Tensor, kernel: Tensor) -> Tensor:
    batch = x.shape[0]
    side_by_side = x.flatten(0, 1).unsqueeze(0)  # (1, B * I, ...): one convolution group per sample
    y = conv_same(side_by_side, kernel.flatten(0, 1), groups=batch)
    separate: Tensor = y.squeeze(0).unflatten(0, [batch, -1])
    return separate


def exporting() -> bool:
    """Whether PyTorch is recording a graph that must also work for other batches and sizes."""
    return torch.compiler.is_exporting() or bool(torch.jit.is_tracing())  # type: ignore[attr-defined]


def conv_samples(
    x: Tensor, kernel: Tensor, stride: list[int], padding: list[int], dilation: list[int], groups: int
) -> Tensor:
    """Convolve sample b of x, (B, I, ...), with kernel b, (B, O, I / groups, K, ...), as `conv` does one by one.

    One convolution group per sample is the fastest form. But a convolution cannot have 0 groups, and groups fix the
    batch size of an exported graph. In these cases the result is a sum of matrix products over the kernel's positions.
    """
    batch = x.shape[0]
    if exporting() or batch == 0:
        return _sum_over_positions(x, kernel, stride, padding, dilation, groups)
    side_by_side = x.flatten(0, 1).unsqueeze(0)
    y = conv(side_by_side, kernel.flatten(0, 1), stride, padding, dilation, batch * groups)
    separate: Tensor = y.squeeze(0).unflatten(0, [batch, -1])
    return separate


def _sum_over_positions(
    x: Tensor, kernel: Tensor, stride: list[int], padding: list[int], dilation: list[int], groups: int
) -> Tensor:
    sides = kernel.shape[3:]
    x = F.pad(x, [side for length in reversed(padding) for side in (length, length)])
    spans = [d * (k - 1) for d, k in zip(dilation, sides, strict=True)]
    sizes = [(n - span - 1) // s + 1 for n, span, s in zip(x.shape[2:], spans, stride, strict=True)]
    by_group = kernel.unflatten(1, [groups, -1])  # (B, G, O / G, I / G, K, ...)
    total = x.new_zeros(())
    for position in product(*(range(side) for side in sides)):
        seen = x
        for axis, (k, d, s, size) in enumerate(zip(position, dilation, stride, sizes, strict=True), 2):
            seen = seen[(slice(None),) * axis + (slice(k * d, k * d + (size - 1) * s + 1, s),)]
        seen = seen.flatten(2).unflatten(1, [groups, -1])  # (B, G, I / G, positions)
        total = total + by_group[(..., *position)] @ seen
    result: Tensor = total.flatten(1, 2).unflatten(2, sizes)
    return result
