"""Both attentions one after the other, with a gradient that goes over the feature as seldom as it can."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from srs_monai.networks.layers.attention import ChannelAttention, SpatialAttention
from srs_monai.networks.layers.convolve import exporting


def attend(x: Tensor, channel: ChannelAttention, spatial: SpatialAttention) -> Tensor:
    """The feature weighted by channel, then by position: (B, C, H, W[, D]) gives the same shape.

    Values and gradients are those of `y = channel(x) * x; spatial(y) * y`. Written so, three gradients meet at x and
    three at y, and each is made whole before they are added; here each feature gets its gradient in one piece.
    """
    recorded = exporting() or torch.compiler.is_compiling()
    if recorded or not torch.is_grad_enabled():
        y: Tensor = x * channel(x)
        return y * (spatial(y) if recorded else _wide(spatial(y), y))
    result: Tensor = _Attend.apply(x, channel, spatial, *channel.parameters(), *spatial.parameters())
    return result


class _Attend(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, channel: ChannelAttention, spatial: SpatialAttention, *parameters: Tensor
    ) -> Tensor:
        pool = F.adaptive_max_pool2d if x.dim() == 4 else F.adaptive_max_pool3d
        largest, place = pool(x, 1, return_indices=True)
        with torch.enable_grad():  # what is small is left to autograd
            by_channel = [x.mean(channel.space, keepdim=True).requires_grad_(), largest.requires_grad_()]
            channel_weights = channel.weights(*by_channel)
        y = x * channel_weights.detach()
        peak = y.amax(1, keepdim=True)
        with torch.enable_grad():
            by_position = torch.cat([y.mean(1, keepdim=True), peak], dim=1).requires_grad_()
            position_weights = spatial.weights(by_position)
        ctx.save_for_backward(x, y, place, peak)
        ctx.channel = channel_weights, [*by_channel, *channel.parameters()]
        ctx.spatial = position_weights, [by_position, *spatial.parameters()]
        return y * _wide(position_weights.detach(), y)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, y, place, peak = ctx.saved_tensors
        weights, inputs = ctx.spatial
        at_position, *of_spatial = _gradients(weights, inputs, (gradient * y).sum(1, keepdim=True))
        at_mean, at_peak = at_position.to(x.dtype).split(1, dim=1)
        reached = torch.empty_like(y)  # 1 where the peak is: those that reach it share its gradient
        torch.eq(y, _wide(peak, y), out=reached)
        at_y = torch.addcmul(_wide(at_mean / y.shape[1], y), gradient, _wide(weights.detach(), y))
        at_y.addcmul_(reached, _wide(at_peak / reached.sum(1, keepdim=True), y))

        weights, inputs = ctx.channel
        space = list(range(2, x.dim()))
        at_mean, at_largest, *of_channel = _gradients(weights, inputs, (at_y * x).sum(space, keepdim=True))
        at_x = torch.addcmul(_wide(at_mean / x[0, 0].numel(), x), at_y, _wide(weights.detach(), x))
        samples, channels = (torch.arange(n, device=x.device) for n in x.shape[:2])
        where = samples[:, None], channels, *torch.unravel_index(place.flatten(1), x.shape[2:])
        at_x.index_put_(where, at_largest.flatten(1), accumulate=True)  # not scatter_add_, which copies all of at_x
        return at_x, None, None, *of_channel, *of_spatial


def _wide(small: Tensor, like: Tensor) -> Tensor:
    """A map as large as another: in 16 bits on a CPU, copying it out is many times faster than broadcasting."""
    return torch.empty_like(like).copy_(small) if like.element_size() == 2 and like.device.type == "cpu" else small


def _gradients(result: Tensor, inputs: list[Tensor], gradient: Tensor) -> list[Any]:
    """Of the result with respect to each input; None for a parameter that is frozen."""
    wanted = [x for x in inputs if x.requires_grad]
    found = iter(torch.autograd.grad(result, wanted, gradient, retain_graph=True))
    return [next(found) if x.requires_grad else None for x in inputs]
