"""Fusion of a fine and a coarse map."""

import pytest
import torch
from torch import nn

from srs_monai.networks import BLAM


def test_coarse_comes_first_and_is_the_one_weighted_by_channel() -> None:
    blam = BLAM(2).eval()
    blam.refine, blam.fuse = nn.Identity(), nn.Identity()
    fine, coarse = torch.randn(1, 2, 3, 4), torch.randn(1, 2, 3, 4)
    torch.testing.assert_close(blam(fine, coarse), torch.cat([blam.eca(coarse), fine], dim=1))


@pytest.mark.parametrize("sides", [(5, 4), (3, 4, 5)])
def test_gradients_match_finite_differences(sides: tuple[int, ...]) -> None:
    blam = BLAM(2, spatial_dims=len(sides)).double().eval()
    fine, coarse = (torch.randn(2, 2, *sides, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert blam(fine, coarse).shape == fine.shape
    assert torch.autograd.gradcheck(blam, (fine, coarse))
