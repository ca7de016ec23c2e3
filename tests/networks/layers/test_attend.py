"""Both attentions in one: the values and gradients of one after the other."""

import pytest
import torch
from torch import Tensor, nn

from srs_monai.networks import ChannelAttention, SpatialAttention
from srs_monai.networks.layers.attend import attend

SIDES = [(5, 6), (3, 4, 2)]


def attentions(channels: int, spatial_dims: int) -> nn.ModuleList:
    dims = {"spatial_dims": spatial_dims}
    return nn.ModuleList([ChannelAttention(channels, 2, **dims), SpatialAttention(3, **dims)]).double()


def one_after_the_other(x: Tensor, channel: nn.Module, spatial: nn.Module) -> Tensor:
    y = channel(x) * x
    return spatial(y) * y


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("last", [False, True])
def test_values_and_all_gradients_are_those_of_one_after_the_other(sides: tuple[int, ...], last: bool) -> None:
    both = attentions(4, len(sides))
    x = torch.randn(3, 4, *sides, dtype=torch.float64)
    if last:
        x = x.contiguous(memory_format=torch.channels_last if len(sides) == 2 else torch.channels_last_3d)
    x.requires_grad_()
    direction = torch.randn_like(x)
    found = []
    for form in (attend, one_after_the_other):
        result = form(x, *both)
        found.append((result.detach(), *torch.autograd.grad((result * direction).sum(), [x, *both.parameters()])))
    assert len(found[0]) == 5
    torch.testing.assert_close(found[0], found[1])


def test_gradients_match_finite_differences() -> None:
    both = attentions(3, 2)
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: attend(x, *both), (x,))


def test_what_is_frozen_gets_no_gradient() -> None:
    both = attentions(4, 2)
    both[0].fc1.requires_grad_(False)
    x = torch.randn(2, 4, 3, 3, dtype=torch.float64, requires_grad=True)
    attend(x, *both).sum().backward()
    assert both[0].fc1.weight.grad is None
    assert all(parameter.grad is not None for parameter in (both[0].fc2.weight, both[1].conv.weight, x))


def test_a_feature_that_needs_no_gradient_still_trains_the_attentions() -> None:
    both, x = attentions(4, 2), torch.randn(2, 4, 3, 3, dtype=torch.float64)
    attend(x, *both).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in both.parameters())


@torch.no_grad()
def test_without_gradients_the_values_are_the_same() -> None:
    both, x = attentions(4, 2), torch.randn(2, 4, 3, 3, dtype=torch.float64)
    torch.testing.assert_close(attend(x, *both), one_after_the_other(x, *both), rtol=0, atol=0)


def test_under_autocast_gradients_stay_close() -> None:
    both, x = attentions(8, 2).float(), torch.randn(2, 8, 16, 16, requires_grad=True)
    found = []
    for lowered in (True, False):
        with torch.autocast("cpu", torch.bfloat16, enabled=lowered):
            result = attend(x.bfloat16() if lowered else x, *both)
        found.append(torch.autograd.grad(result.float().square().sum(), [x, *both.parameters()]))
        assert [gradient.dtype for gradient in found[-1]] == [torch.float32] * 4
    for low, high in zip(*found, strict=True):
        assert (low - high).norm() < 0.03 * high.norm()
