"""Attention along the channel axis."""

import pytest
import torch

from srs_monai.networks import ECA


def test_weights_worked_out_by_hand() -> None:
    eca = ECA()
    eca.conv.weight.data = torch.tensor([[[2.0, 0.0, 0.0]]])  # twice the channel before, nothing before the first
    x = torch.tensor([[1.0, -5.0], [3.0, 7.0], [4.0, 2.0]]).reshape(1, 3, 1, 2)  # peaks 1, 7, 4
    before = torch.sigmoid(torch.tensor([1.0, 7.0]))
    weights = torch.sigmoid(torch.cat([torch.zeros(1), 2 * before]))
    torch.testing.assert_close(eca(x), x * weights.reshape(1, 3, 1, 1))


@pytest.mark.parametrize("sides", [(5, 4), (3, 4, 5)])
@pytest.mark.parametrize("channels", [1, 2, 7])
def test_any_number_of_channels(sides: tuple[int, ...], channels: int) -> None:
    x = torch.randn(2, channels, *sides, dtype=torch.float64, requires_grad=True)
    eca = ECA(spatial_dims=len(sides)).double()
    assert eca(x).shape == x.shape
    assert torch.autograd.gradcheck(eca, (x,))


def test_even_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be odd.*got 2"):
        ECA(2)
