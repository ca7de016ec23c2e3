"""Channel attention, then spatial attention, with one hand-written gradient that reads the feature less often."""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from srs_monai.networks.layers.attention import ChannelAttention, SpatialAttention
from srs_monai.networks.layers.custom_gradient import (
    autograd_gradients,
    autograd_inside,
    custom_gradient_applies,
    gradients,
    is_plain_backward,
    recording_graph,
)
from srs_monai.tensors import on_plain_tensors


def fused_attention(x: Tensor, channel: ChannelAttention, spatial: SpatialAttention) -> Tensor:
    """The feature weighted by channel, then by position: (B, C, H, W[, D]) gives the same shape.

    Values and gradients equal those of `y = channel(x) * x; spatial(y) * y`. With autograd, that form makes three
    whole gradients of x and three of y, and adds them. Here each feature receives its gradient in one piece.
    """
    parameters = [*channel.parameters(), *spatial.parameters()]
    known = _is_unmodified(channel, ChannelAttention) and _is_unmodified(spatial, SpatialAttention)
    if not known or not custom_gradient_applies(x, *parameters):
        y: Tensor = x * channel(x)
        return y * (spatial(y) if recording_graph() or torch.is_grad_enabled() else _expanded(spatial(y), y))
    return on_plain_tensors(lambda feature: _FusedAttention.apply(feature, channel, spatial, *parameters), x)


class _FusedAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, channel: ChannelAttention, spatial: SpatialAttention, *parameters: Tensor
    ) -> Tensor:
        pool = F.adaptive_max_pool2d if x.dim() == 4 else F.adaptive_max_pool3d
        largest, place = pool(x, 1, return_indices=True)
        with autograd_inside():  # autograd serves well for the small tensors
            by_channel = [x.mean(channel.space, keepdim=True).requires_grad_(), largest.requires_grad_()]
            channel_weights = channel.weights(*by_channel)
        y = x * channel_weights.detach()
        peak = y.amax(1, keepdim=True)
        with autograd_inside():
            by_position = torch.cat([y.mean(1, keepdim=True), peak], dim=1).requires_grad_()
            position_weights = spatial.weights(by_position)
        ctx.save_for_backward(x, y, place, peak, *parameters)
        ctx.channel = channel_weights, [*by_channel, *channel.parameters()]
        ctx.spatial = position_weights, [by_position, *spatial.parameters()]
        ctx.modules, ctx.autocast = (channel, spatial), _autocast_now(x.device.type)
        return y * _expanded(position_weights.detach(), y)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, y, place, peak, *parameters = ctx.saved_tensors
        if not is_plain_backward(gradient):
            with torch.autocast(**ctx.autocast):
                at_input, *of_parameters = autograd_gradients(partial(_plain, *ctx.modules), [x, *parameters], gradient)
            return at_input, None, None, *of_parameters

        weights, inputs = ctx.spatial
        at_position, *of_spatial = gradients(weights, inputs, (gradient * y).sum(1, keepdim=True))
        at_mean, at_peak = at_position.to(x.dtype).split(1, dim=1)
        is_peak = torch.empty_like(y)  # 1 where a channel holds the peak; these channels share its gradient
        torch.eq(y, _expanded(peak, y), out=is_peak)
        at_y = torch.addcmul(_expanded(at_mean / y.shape[1], y), gradient, _expanded(weights.detach(), y))
        at_y.addcmul_(is_peak, _expanded(at_peak / is_peak.sum(1, keepdim=True), y))

        weights, inputs = ctx.channel
        space = list(range(2, x.dim()))
        at_mean, at_largest, *of_channel = gradients(weights, inputs, (at_y * x).sum(space, keepdim=True))
        at_x = torch.addcmul(_expanded(at_mean / x[0, 0].numel(), x), at_y, _expanded(weights.detach(), x))
        samples, channels = (torch.arange(n, device=x.device) for n in x.shape[:2])
        where = samples[:, None], channels, *torch.unravel_index(place.flatten(1), x.shape[2:])
        at_x.index_put_(where, at_largest.to(at_x.dtype).flatten(1), accumulate=True)  # scatter_add_ copies all of at_x
        return at_x, None, None, *of_channel, *of_spatial


def _plain(channel: ChannelAttention, spatial: SpatialAttention, x: Tensor, *parameters: Tensor) -> Tensor:
    """One attention after the other, with the parameters of the forward pass."""
    names = [[name for name, _ in part.named_parameters()] for part in (channel, spatial)]
    of_channel = dict(zip(names[0], parameters, strict=False))
    of_spatial = dict(zip(names[1], parameters[len(names[0]) :], strict=True))
    y: Tensor = x * functional_call(channel, of_channel, x)
    weighted: Tensor = y * functional_call(spatial, of_spatial, y)
    return weighted


def _is_unmodified(part: nn.Module, kind: type[nn.Module]) -> bool:
    """Whether a module is exactly of this class and has no hooks, which a fused call would skip."""
    hooks = (part._forward_hooks, part._forward_pre_hooks, part._backward_hooks, part._backward_pre_hooks)
    return type(part) is kind and not any(hooks)


def _autocast_now(device_type: str) -> dict[str, Any]:
    """Arguments that give an autocast with the present settings."""
    dtype, enabled = torch.get_autocast_dtype(device_type), torch.is_autocast_enabled(device_type)
    return {"device_type": device_type, "dtype": dtype, "enabled": enabled}


def _expanded(small: Tensor, like: Tensor) -> Tensor:
    """A map in the full size of another. With 16 bits on a CPU, a copy is many times faster than broadcasting."""
    return torch.empty_like(like).copy_(small) if like.element_size() == 2 and like.device.type == "cpu" else small
