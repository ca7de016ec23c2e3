"""The largest value: that of amax, and its gradient, computed otherwise."""

import pytest
import torch
from torch import Tensor

from srs_monai.networks.layers.max_pooling import max_over_channels, max_over_space
from srs_monai.tensors import channels_last

SIDES = [(5, 6), (3, 4, 2)]
PEAKS = [max_over_channels, max_over_space]


def by_amax(x: Tensor, peak: object) -> Tensor:
    return x.amax(1 if peak is max_over_channels else tuple(range(2, x.dim())), keepdim=True)


def value_and_gradient(result: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.arange(1.0, result.numel() + 1, dtype=x.dtype).reshape(result.shape)
    return result.detach(), torch.autograd.grad((result * weights).sum(), x)[0]


@pytest.mark.parametrize("peak", PEAKS)
@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("last", [False, True])
def test_values_and_gradients_are_those_of_amax(peak: object, sides: tuple[int, ...], last: bool) -> None:
    x = torch.randn(2, 4, *sides, dtype=torch.float64)
    if last:
        x = channels_last(x)
    x.requires_grad_()
    expected = value_and_gradient(by_amax(x, peak), x)
    torch.testing.assert_close(value_and_gradient(peak(x), x), expected, rtol=0, atol=0)


@pytest.mark.parametrize("peak", PEAKS)
@pytest.mark.parametrize("sides", SIDES)
def test_gradients_match_finite_differences(peak: object, sides: tuple[int, ...]) -> None:
    x = torch.randn(2, 3, *sides, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(peak, (x,))


def test_channels_that_reach_the_peak_together_share_its_gradient() -> None:
    x = torch.tensor([3.0, 1.0, 3.0, 3.0]).reshape(1, 4, 1, 1).bfloat16().requires_grad_()
    (gradient,) = torch.autograd.grad(6 * max_over_channels(x).sum(), x)
    assert gradient.flatten().tolist() == [2, 0, 2, 2]


def test_of_places_that_reach_the_peak_together_one_has_its_gradient() -> None:
    x = torch.tensor([[1.0, 3.0], [3.0, 3.0]]).reshape(1, 1, 2, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(max_over_space(x).sum(), x)
    assert sorted(gradient.flatten().tolist()) == [0, 0, 0, 1]
    assert gradient[0, 0, 0, 0] == 0


@pytest.mark.parametrize("peak", PEAKS)
def test_what_is_no_number_is_the_peak(peak: object) -> None:
    assert peak(torch.full((1, 2, 2, 2), torch.nan)).isnan().all()
    assert peak(torch.tensor([[[[1.0, torch.nan]], [[2.0, 3.0]]]])).isnan().any()


@pytest.mark.parametrize("peak", PEAKS)
def test_scripted_traced_and_compiled_forms_agree(peak: object) -> None:
    x = torch.randn(2, 3, 4, 5)
    for form in (torch.jit.script(peak), torch.jit.trace(peak, x), torch.compile(peak, backend="eager")):
        torch.testing.assert_close(form(x), by_amax(x, peak), rtol=0, atol=0)
