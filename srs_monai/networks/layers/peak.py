"""The largest value over some axes, with a gradient that costs little."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from srs_monai.networks.layers.convolve import exporting


def peak(x: Tensor, axes: list[int]) -> Tensor:
    """The largest value over the axes, which stay as axes of length 1.

    Values and gradients are those of `amax`: where the peak is reached several times, its gradient is shared. Axes are
    reduced one after the other, which is many times faster where channels come last and are few, and the gradient goes
    without the wide integers that `amax` counts with.
    """
    if torch.jit.is_scripting():  # type: ignore[attr-defined]
        return x.amax(axes, keepdim=True)
    if exporting() or torch.compiler.is_compiling():
        return x.amax(axes, keepdim=True)
    result: Tensor = _Peak.apply(x, axes)
    return result


class _Peak(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, axes: list[int]) -> Tensor:
        result = x
        for axis in axes:
            result = result.amax(axis, keepdim=True)
        ctx.save_for_backward(x, result)
        ctx.axes = axes
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        x, result = ctx.saved_tensors
        reached = torch.empty_like(x)  # 1 where the peak is, in the type of x itself
        torch.eq(x, result, out=reached)
        times = reached.sum(ctx.axes, keepdim=True, dtype=torch.promote_types(x.dtype, torch.float32))
        return reached.mul_((gradient / times).to(x.dtype)), None
