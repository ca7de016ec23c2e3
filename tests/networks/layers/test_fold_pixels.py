"""Folding pixels into channels is MONAI's, and unfolding is its inverse."""

import pytest
import torch
from monai.networks.utils import pixelunshuffle

from srs_monai.networks.layers.fold_pixels import to_channels, to_space


@pytest.mark.parametrize("shape", [(2, 3, 8, 12), (2, 3, 4, 8, 12)])
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_pixels_become_channels_and_pixels_again(shape: tuple[int, ...], factor: int) -> None:
    x = torch.randn(shape)
    folded = to_channels(x, factor)
    assert folded.shape == (2, 3 * factor ** (len(shape) - 2), *(side // factor for side in shape[2:]))
    assert torch.equal(folded, pixelunshuffle(x, spatial_dims=len(shape) - 2, scale_factor=factor))
    assert torch.equal(to_space(folded, factor), x)
