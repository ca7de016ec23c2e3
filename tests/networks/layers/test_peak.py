"""The largest value: amax and its gradient, computed otherwise."""

import pytest
import torch
from torch import Tensor

from srs_monai.networks.layers.peak import peak


def value_and_gradient(result: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.arange(1.0, result.numel() + 1, dtype=x.dtype).reshape(result.shape)
    return result.detach(), torch.autograd.grad((result * weights).sum(), x)[0]


@pytest.mark.parametrize("axes", [[1], [2, 3], [1, 3]])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_values_and_gradients_are_those_of_amax(axes: list[int], dtype: torch.dtype) -> None:
    x = torch.randn(2, 4, 5, 6, dtype=dtype, requires_grad=True)
    torch.testing.assert_close(
        value_and_gradient(peak(x, axes), x), value_and_gradient(x.amax(axes, keepdim=True), x), rtol=0, atol=0
    )


def test_a_peak_that_is_reached_three_times_shares_its_gradient() -> None:
    x = torch.tensor([[1.0, 3.0, 3.0], [3.0, 0.0, 2.0]], requires_grad=True)
    (gradient,) = torch.autograd.grad(6 * peak(x, [0, 1]).sum(), x)
    assert gradient.tolist() == [[0, 2, 2], [2, 0, 0]]


def test_gradients_match_finite_differences_in_volumes() -> None:
    x = torch.randn(2, 2, 3, 4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: peak(x, [2, 3, 4]), (x,))


def test_what_is_no_number_is_the_peak() -> None:
    assert peak(torch.tensor([[1.0, torch.nan, 2.0]]), [1]).isnan().all()


def test_compiled_and_scripted_forms_agree() -> None:
    x = torch.randn(2, 3, 4, 5)
    torch.testing.assert_close(torch.jit.script(peak)(x, [2, 3]), peak(x, [2, 3]), rtol=0, atol=0)
    torch.testing.assert_close(torch.jit.trace(lambda x: peak(x, [2, 3]), x)(x), peak(x, [2, 3]), rtol=0, atol=0)
