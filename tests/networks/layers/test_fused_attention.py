"""Both attentions in one: the values and gradients of one after the other."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from srs_monai.networks import ChannelAttention, SpatialAttention
from srs_monai.networks.layers.fused_attention import fused_attention
from srs_monai.tensors import channels_last

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
        x = channels_last(x)
    x.requires_grad_()
    direction = torch.randn_like(x)
    found = []
    for form in (fused_attention, one_after_the_other):
        result = form(x, *both)
        found.append((result.detach(), *torch.autograd.grad((result * direction).sum(), [x, *both.parameters()])))
    assert len(found[0]) == 5
    torch.testing.assert_close(found[0], found[1])


def test_gradients_match_finite_differences() -> None:
    both = attentions(3, 2)
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: fused_attention(x, *both), (x,))


def test_what_is_frozen_gets_no_gradient() -> None:
    both = attentions(4, 2)
    both[0].fc1.requires_grad_(False)
    x = torch.randn(2, 4, 3, 3, dtype=torch.float64, requires_grad=True)
    fused_attention(x, *both).sum().backward()
    assert both[0].fc1.weight.grad is None
    assert all(parameter.grad is not None for parameter in (both[0].fc2.weight, both[1].conv.weight, x))


def test_a_feature_that_needs_no_gradient_still_trains_the_attentions() -> None:
    both, x = attentions(4, 2), torch.randn(2, 4, 3, 3, dtype=torch.float64)
    fused_attention(x, *both).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in both.parameters())


@torch.no_grad()
def test_without_gradients_the_values_are_the_same() -> None:
    both, x = attentions(4, 2), torch.randn(2, 4, 3, 3, dtype=torch.float64)
    torch.testing.assert_close(fused_attention(x, *both), one_after_the_other(x, *both), rtol=0, atol=0)


@pytest.mark.parametrize("sides", [(16, 16), (8, 8, 4)])
def test_under_autocast_gradients_stay_close(sides: tuple[int, ...]) -> None:
    both, x = attentions(8, len(sides)).float(), torch.randn(2, 8, *sides, requires_grad=True)
    found = []
    for lowered in (True, False):
        with torch.autocast("cpu", torch.bfloat16, enabled=lowered):
            result = fused_attention(x.bfloat16() if lowered else x, *both)
        found.append(torch.autograd.grad(result.float().square().sum(), [x, *both.parameters()]))
        assert [gradient.dtype for gradient in found[-1]] == [torch.float32] * 4
    for low, high in zip(*found, strict=True):
        assert (low - high).norm() < 0.03 * high.norm()


def second_derivative(form: Callable[..., Tensor], both: nn.ModuleList, x: Tensor, lowered: bool) -> list[Tensor]:
    """How the squared gradient of a loss changes with the feature and the parameters."""
    wanted = [x, *both.parameters()]
    with torch.autocast("cpu", torch.bfloat16, enabled=lowered):
        result = form(x.bfloat16() if lowered else x, *both)
    first = torch.autograd.grad(result.float().pow(3).sum(), wanted, create_graph=True)
    return list(torch.autograd.grad(sum(gradient.square().sum() for gradient in first), wanted))


@pytest.mark.parametrize("lowered", [False, True])
@pytest.mark.parametrize("sides", SIDES)
def test_second_derivatives_are_those_of_one_after_the_other(sides: tuple[int, ...], lowered: bool) -> None:
    both, x = attentions(4, len(sides)).float(), torch.randn(2, 4, *sides, requires_grad=True)
    found, expected = (second_derivative(form, both, x, lowered) for form in (fused_attention, one_after_the_other))
    for one, other in zip(found, expected, strict=True):
        assert (one - other).norm() < (0.1 if lowered else 1e-4) * other.norm()


def test_second_derivatives_match_finite_differences() -> None:
    both = attentions(3, 2)
    x = torch.randn(1, 3, 3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: fused_attention(x, *both), (x,))


def test_derivatives_are_carried_forward_without_torch_func() -> None:
    both = attentions(3, 2)
    x, along = torch.randn(2, 2, 3, 4, 5, dtype=torch.float64)
    with forward_ad.dual_level():
        carried = forward_ad.unpack_dual(fused_attention(forward_ad.make_dual(x, along), *both)).tangent
    step = 1e-6 * along
    torch.testing.assert_close(
        carried, (fused_attention(x + step, *both) - fused_attention(x - step, *both)) / 2e-6, rtol=1e-4, atol=1e-6
    )


def test_hooks_and_parts_of_other_kinds_are_called() -> None:
    both, x = attentions(4, 2), torch.randn(2, 4, 3, 3, dtype=torch.float64)
    seen: list[Tensor] = []
    for part in both:
        part.register_forward_hook(lambda part, given, result: seen.append(result))
    weighted = fused_attention(x, *both)
    assert [result.shape for result in seen] == [(2, 4, 1, 1), (2, 1, 3, 3)]
    torch.testing.assert_close(weighted, x * seen[0] * seen[1])
    torch.testing.assert_close(fused_attention(x, nn.Identity(), nn.Identity()), x**4)


def test_parameters_that_are_made_from_others_get_the_gradient() -> None:
    both, x = attentions(4, 2), torch.randn(2, 4, 3, 3, dtype=torch.float64)
    for part in (both[0].fc1, both[1].conv):
        nn.utils.parametrizations.weight_norm(part)
    found = []
    for form in (fused_attention, one_after_the_other):
        value = form(x, *both).square().sum()
        first = torch.autograd.grad(value, list(both.parameters()), create_graph=True)
        found.append((first, torch.autograd.grad(first[0].sum(), list(both.parameters()))))
    assert len(found[0][0]) == 5
    torch.testing.assert_close(found[0], found[1])


def test_a_default_device_changes_nothing() -> None:
    both, x = attentions(4, 2), torch.randn(2, 4, 3, 3, dtype=torch.float64, requires_grad=True)
    with torch.device("meta"):  # where tensors are made that name no device
        result = fused_attention(x, *both)
        (gradient,) = torch.autograd.grad(result.sum(), x)
    torch.testing.assert_close(
        (result, gradient), (fused_attention(x, *both), *torch.autograd.grad(fused_attention(x, *both).sum(), x))
    )
