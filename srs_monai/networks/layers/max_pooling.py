"""The maximum over space or over channels, with cheap gradients."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from srs_monai.networks.layers.convolve import exporting
from srs_monai.networks.layers.custom_gradient import autograd_gradients, custom_gradient_applies, is_plain_backward
from srs_monai.tensors import on_plain_tensors


def max_over_space(x: Tensor) -> Tensor:
    """The maximum of every channel: (B, C, H, W[, D]) gives (B, C, 1, 1[, 1]).

    If several positions hold the maximum, one of them receives the gradient.
    """
    space = [2, 3] if x.dim() == 4 else [2, 3, 4]
    if torch.jit.is_scripting():  # type: ignore[attr-defined]
        return x.amax(space, keepdim=True)
    if exporting():
        return x.amax(space, keepdim=True)
    # many times faster than amax for a few channels that lie last; the gradient of amax reads the whole map again
    return F.adaptive_max_pool2d(x, 1) if x.dim() == 4 else F.adaptive_max_pool3d(x, 1)


def max_over_channels(x: Tensor) -> Tensor:
    """The maximum at every position: (B, C, H, W[, D]) gives (B, 1, H, W[, D]).

    If several channels hold the maximum, they share the gradient, as with `amax`. This gradient is cheaper: `amax`
    counts those channels in wide integers.
    """
    if torch.jit.is_scripting():  # type: ignore[attr-defined]
        return x.amax(1, keepdim=True)
    if not custom_gradient_applies(x):
        return _plain(x)
    return on_plain_tensors(_MaxOverChannels.apply, x)


def _plain(x: Tensor) -> Tensor:
    return x.amax(1, keepdim=True)


class _MaxOverChannels(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        result = _plain(x)
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor | None:
        x, result = ctx.saved_tensors
        if not is_plain_backward(gradient):
            return autograd_gradients(_plain, [x], gradient)[0]
        is_max = torch.empty_like(x)  # 1 where x holds the maximum, in the type of x itself
        torch.eq(x, result, out=is_max)
        shared: Tensor = gradient / is_max.sum(1, keepdim=True)
        return is_max.mul_(shared)
