"""Channels moved into space."""

import pytest
import torch
from torch import nn

from srs_monai.networks import UpShuffle


@pytest.mark.parametrize("spatial_dims", [2, 3])
def test_channel_n_becomes_pixel_n_of_each_patch(spatial_dims: int) -> None:
    layer = UpShuffle(2**spatial_dims, 1, spatial_dims=spatial_dims)
    layer.conv = nn.Identity()
    x = torch.arange(2.0**spatial_dims).reshape(1, -1, *[1] * spatial_dims)
    expected = torch.arange(2.0**spatial_dims).reshape(1, 1, *[2] * spatial_dims)
    torch.testing.assert_close(layer(x), expected)


def test_result_is_convolved_normalised_and_rectified() -> None:
    layer = UpShuffle(8, 3).eval()
    y = layer(torch.randn(2, 8, 3, 4))
    assert y.shape == (2, 3, 6, 8)
    assert y.min() == 0 < y.max()


@pytest.mark.parametrize(("spatial_dims", "way_out"), [(2, "multiples of 4, got 6; use 8"), (3, "of 8, got 6; use 8")])
def test_channels_that_do_not_divide_are_refused(spatial_dims: int, way_out: str) -> None:
    with pytest.raises(ValueError, match=way_out):
        UpShuffle(6, 4, spatial_dims=spatial_dims)
