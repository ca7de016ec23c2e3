"""One step of the fusion of rows, and its three parts."""

import pytest
import torch
from torch import nn

from srs_monai.networks import BLAM, IPATR, UpShuffle
from srs_monai.networks.blocks.row_fusion import RowFusion


def test_the_coarse_map_is_enlarged_and_the_fine_one_contrasted_where_asked() -> None:
    fine, coarse = torch.randn(2, 2, 6, 4), torch.randn(2, 4, 3, 2)
    for patch_contrast in (False, True):
        fusion = RowFusion(4, 2, patch_contrast=patch_contrast, spatial_dims=2).eval()
        seen = fusion.contrast(fine) if patch_contrast else fine
        torch.testing.assert_close(fusion(fine, coarse), fusion.blam(seen, fusion.enlarge(coarse)))


def test_contrast_worked_out_by_hand() -> None:
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
def test_gradients_of_ipatr_match_finite_differences(sides: tuple[int, ...]) -> None:
    x = torch.randn(2, 2, *sides, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(IPATR(2, spatial_dims=len(sides)).double(), (x,))


@pytest.mark.parametrize("spatial_dims", [2, 3])
def test_channel_n_becomes_pixel_n_of_each_patch(spatial_dims: int) -> None:
    layer = UpShuffle(2**spatial_dims, 1, spatial_dims=spatial_dims)
    layer.conv = nn.Identity()
    x = torch.arange(2.0**spatial_dims).reshape(1, -1, *[1] * spatial_dims)
    expected = torch.arange(2.0**spatial_dims).reshape(1, 1, *[2] * spatial_dims)
    torch.testing.assert_close(layer(x), expected)


def test_enlarged_maps_are_convolved_normalised_and_rectified() -> None:
    layer = UpShuffle(8, 3).eval()
    y = layer(torch.randn(2, 8, 3, 4))
    assert y.shape == (2, 3, 6, 8)
    assert y.min() == 0 < y.max()


@pytest.mark.parametrize(("spatial_dims", "way_out"), [(2, "multiples of 4, got 6; use 8"), (3, "of 8, got 6; use 8")])
def test_channels_that_do_not_divide_are_refused(spatial_dims: int, way_out: str) -> None:
    with pytest.raises(ValueError, match=way_out):
        UpShuffle(6, 4, spatial_dims=spatial_dims)


def test_coarse_comes_first_and_is_the_one_weighted_by_channel() -> None:
    blam = BLAM(2).eval()
    blam.refine, blam.fuse = nn.Identity(), nn.Identity()
    fine, coarse = torch.randn(1, 2, 3, 4), torch.randn(1, 2, 3, 4)
    torch.testing.assert_close(blam(fine, coarse), torch.cat([blam.eca(coarse), fine], dim=1))


@pytest.mark.parametrize("sides", [(5, 4), (3, 4, 5)])
def test_gradients_of_blam_match_finite_differences(sides: tuple[int, ...]) -> None:
    blam = BLAM(2, spatial_dims=len(sides)).double().eval()
    fine, coarse = (torch.randn(2, 2, *sides, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert blam(fine, coarse).shape == fine.shape
    assert torch.autograd.gradcheck(blam, (fine, coarse))
