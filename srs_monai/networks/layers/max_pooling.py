"""The largest value over space or over channels, with gradients that cost little."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function_unary

from srs_monai.networks.layers.convolve import exporting
from srs_monai.networks.layers.own_gradient import gradient_of_numbers, own_gradient_serves, plain_gradients


def peak_over_space(x: Tensor) -> Tensor:
    """The largest value of every channel: (B, C, H, W[, D]) gives (B, C, 1, 1[, 1]).

    Where it is reached several times, the gradient goes to one of the places.
    """
    space = [2, 3] if x.dim() == 4 else [2, 3, 4]
    if torch.jit.is_scripting():  # type: ignore[attr-defined]
        return x.amax(space, keepdim=True)
    if exporting():
        return x.amax(space, keepdim=True)
    # for few channels, lying last, many times faster than amax, whose gradient goes over the whole map again
    return F.adaptive_max_pool2d(x, 1) if x.dim() == 4 else F.adaptive_max_pool3d(x, 1)


def peak_over_channels(x: Tensor) -> Tensor:
    """The largest value at every place: (B, C, H, W[, D]) gives (B, 1, H, W[, D]).

    Where several channels reach it, they share the gradient, as of `amax`, which counts them in wide integers.
    """
    if torch.jit.is_scripting():  # type: ignore[attr-defined]
        return x.amax(1, keepdim=True)
    if not own_gradient_serves(x):
        return _plain(x)
    if has_torch_function_unary(x):  # a subclass, such as MONAI's MetaTensor, which makes the result one of its own
        of_its_class: Tensor = handle_torch_function(peak_over_channels, (x,), x)
        return of_its_class
    result: Tensor = _PeakOverChannels.apply(x.as_subclass(Tensor))
    return result


def _plain(x: Tensor) -> Tensor:
    return x.amax(1, keepdim=True)


class _PeakOverChannels(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        result = _plain(x)
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor | None:
        x, result = ctx.saved_tensors
        if not gradient_of_numbers(gradient):
            return plain_gradients(_plain, [x], gradient)[0]
        reached = torch.empty_like(x)  # 1 where the peak is, in the type of x itself
        torch.eq(x, result, out=reached)
        shared: Tensor = gradient / reached.sum(1, keepdim=True)
        return reached.mul_(shared)
