"""Patch-contrast attention."""

import pytest
import torch

from srs_monai.networks import IPATR


def test_values_worked_out_by_hand() -> None:
    block = IPATR(1)
    for patch, estimate in zip(block.patches, (0.0, 1.0, 2.0), strict=True):
        torch.nn.init.zeros_(patch.weight)
        torch.nn.init.constant_(patch.bias, estimate)  # patch and spread come out the same everywhere
    x = torch.tensor([[[[3.0]]]])
    spreads = torch.sigmoid(torch.tensor([0.0, 1.0, 2.0]))
    contrast = ((torch.tensor([3.0, 2.0, 1.0]) + 0.001) / (spreads + 0.001)).mean()
    torch.testing.assert_close(block(x), 3 + 3 * torch.sigmoid(contrast).reshape(1, 1, 1, 1))


def test_reach_grows_from_one_pixel_to_five() -> None:
    assert [(patch.kernel_size[0], patch.dilation[0]) for patch in IPATR(2).patches] == [(1, 1), (3, 1), (3, 2)]


@pytest.mark.parametrize("sides", [(5, 4), (3, 4, 5)])
def test_gradients_match_finite_differences(sides: tuple[int, ...]) -> None:
    x = torch.randn(2, 2, *sides, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(IPATR(2, spatial_dims=len(sides)).double(), (x,))
