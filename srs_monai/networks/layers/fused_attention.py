"""Both attentions one after the other, with a gradient that goes over the feature as seldom as it can."""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call
from torch.overrides import handle_torch_function, has_torch_function_unary

from srs_monai.networks.layers.attention import ChannelAttention, SpatialAttention
from srs_monai.networks.layers.own_gradient import (
    gradient_of_numbers,
    gradients,
    inner_graph,
    own_gradient_serves,
    plain_gradients,
    recorded,
)


def attend(x: Tensor, channel: ChannelAttention, spatial: SpatialAttention) -> Tensor:
    """The feature weighted by channel, then by position: (B, C, H, W[, D]) gives the same shape.

    Values and gradients are those of `y = channel(x) * x; spatial(y) * y`. Written so, three gradients meet at x and
    three at y, and each is made whole before they are added; here each feature gets its gradient in one piece.
    """
    parameters = [*channel.parameters(), *spatial.parameters()]
    ours = _is_untouched(channel, ChannelAttention) and _is_untouched(spatial, SpatialAttention)
    if not ours or not own_gradient_serves(x, *parameters):
        y: Tensor = x * channel(x)
        return y * (spatial(y) if recorded() or torch.is_grad_enabled() else _wide(spatial(y), y))
    if has_torch_function_unary(x):  # a subclass, such as MONAI's MetaTensor, which makes the result one of its own
        of_its_class: Tensor = handle_torch_function(attend, (x,), x, channel, spatial)
        return of_its_class
    result: Tensor = _Attend.apply(x.as_subclass(Tensor), channel, spatial, *parameters)
    return result


class _Attend(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, channel: ChannelAttention, spatial: SpatialAttention, *parameters: Tensor
    ) -> Tensor:
        pool = F.adaptive_max_pool2d if x.dim() == 4 else F.adaptive_max_pool3d
        largest, place = pool(x, 1, return_indices=True)
        with inner_graph():  # what is small is left to autograd
            by_channel = [x.mean(channel.space, keepdim=True).requires_grad_(), largest.requires_grad_()]
            channel_weights = channel.weights(*by_channel)
        y = x * channel_weights.detach()
        peak = y.amax(1, keepdim=True)
        with inner_graph():
            by_position = torch.cat([y.mean(1, keepdim=True), peak], dim=1).requires_grad_()
            position_weights = spatial.weights(by_position)
        ctx.save_for_backward(x, y, place, peak, *parameters)
        ctx.channel = channel_weights, [*by_channel, *channel.parameters()]
        ctx.spatial = position_weights, [by_position, *spatial.parameters()]
        ctx.modules, ctx.autocast = (channel, spatial), _autocast(x.device.type)
        return y * _wide(position_weights.detach(), y)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, y, place, peak, *parameters = ctx.saved_tensors
        if not gradient_of_numbers(gradient):
            with torch.autocast(**ctx.autocast):
                at_input, *of_parameters = plain_gradients(partial(_plain, *ctx.modules), [x, *parameters], gradient)
            return at_input, None, None, *of_parameters

        weights, inputs = ctx.spatial
        at_position, *of_spatial = gradients(weights, inputs, (gradient * y).sum(1, keepdim=True))
        at_mean, at_peak = at_position.to(x.dtype).split(1, dim=1)
        reached = torch.empty_like(y)  # 1 where the peak is: those that reach it share its gradient
        torch.eq(y, _wide(peak, y), out=reached)
        at_y = torch.addcmul(_wide(at_mean / y.shape[1], y), gradient, _wide(weights.detach(), y))
        at_y.addcmul_(reached, _wide(at_peak / reached.sum(1, keepdim=True), y))

        weights, inputs = ctx.channel
        space = list(range(2, x.dim()))
        at_mean, at_largest, *of_channel = gradients(weights, inputs, (at_y * x).sum(space, keepdim=True))
        at_x = torch.addcmul(_wide(at_mean / x[0, 0].numel(), x), at_y, _wide(weights.detach(), x))
        samples, channels = (torch.arange(n, device=x.device) for n in x.shape[:2])
        where = samples[:, None], channels, *torch.unravel_index(place.flatten(1), x.shape[2:])
        at_x.index_put_(where, at_largest.to(at_x.dtype).flatten(1), accumulate=True)  # scatter_add_ copies all of at_x
        return at_x, None, None, *of_channel, *of_spatial


def _plain(channel: ChannelAttention, spatial: SpatialAttention, x: Tensor, *parameters: Tensor) -> Tensor:
    """One attention after the other, with the parameters that they had in the forward pass."""
    names = [[name for name, _ in part.named_parameters()] for part in (channel, spatial)]
    of_channel = dict(zip(names[0], parameters, strict=False))
    of_spatial = dict(zip(names[1], parameters[len(names[0]) :], strict=True))
    y: Tensor = x * functional_call(channel, of_channel, x)
    weighted: Tensor = y * functional_call(spatial, of_spatial, y)
    return weighted


def _is_untouched(part: nn.Module, kind: type[nn.Module]) -> bool:
    """Whether nothing stands in a module's place, and nobody waits for it to be called."""
    hooks = (part._forward_hooks, part._forward_pre_hooks, part._backward_hooks, part._backward_pre_hooks)
    return type(part) is kind and not any(hooks)


def _autocast(device_type: str) -> dict[str, Any]:
    """The arguments of an autocast that is as now."""
    dtype, enabled = torch.get_autocast_dtype(device_type), torch.is_autocast_enabled(device_type)
    return {"device_type": device_type, "dtype": dtype, "enabled": enabled}


def _wide(small: Tensor, like: Tensor) -> Tensor:
    """A map as large as another: in 16 bits on a CPU, copying it out is many times faster than broadcasting."""
    return torch.empty_like(like).copy_(small) if like.element_size() == 2 and like.device.type == "cpu" else small
