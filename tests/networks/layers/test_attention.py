"""Channel and spatial attention."""

import pytest
import torch

from srs_monai.networks import ECA, ChannelAttention, SpatialAttention


def test_channel_weight_worked_out_by_hand() -> None:
    attention = ChannelAttention(1)
    torch.nn.init.constant_(attention.fc1.weight, 1.0)
    torch.nn.init.constant_(attention.fc2.weight, 0.1)
    x = torch.tensor([1.0, 3.0, -2.0, 6.0]).reshape(1, 1, 2, 2)  # average 2, peak 6
    torch.testing.assert_close(attention(x), torch.sigmoid(torch.tensor(0.8)).reshape(1, 1, 1, 1))
    below = x - 4  # average -2 is rectified away before it can cancel the peak 2
    torch.testing.assert_close(attention(below), torch.sigmoid(torch.tensor(0.2)).reshape(1, 1, 1, 1))


def test_spatial_weight_worked_out_by_hand() -> None:
    attention = SpatialAttention()
    torch.nn.init.zeros_(attention.conv.weight)
    attention.conv.weight.data[0, :, 3, 3] = torch.tensor([1.0, 0.1])  # of the average, of the peak
    x = torch.tensor([[1.0, -4.0], [3.0, 0.0]]).reshape(1, 2, 1, 2)  # averages 2, -2; peaks 3, 0
    torch.testing.assert_close(attention(x), torch.sigmoid(torch.tensor([2.3, -2.0])).reshape(1, 1, 1, 2))


@pytest.mark.parametrize(("channels", "reduction", "hidden"), [(64, 8, 8), (64, 16, 4), (20, 8, 2), (4, 8, 1)])
def test_hidden_layer_keeps_one_channel_at_least(channels: int, reduction: int, hidden: int) -> None:
    assert ChannelAttention(channels, reduction).fc1.out_channels == hidden


@pytest.mark.parametrize("sides", [(5, 4), (3, 4, 5)])
def test_gradients_match_finite_differences(sides: tuple[int, ...]) -> None:
    x = torch.randn(2, 3, *sides, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(ChannelAttention(3, spatial_dims=len(sides)).double(), (x,))
    assert torch.autograd.gradcheck(SpatialAttention(3, spatial_dims=len(sides)).double(), (x,))


def test_even_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be odd.*got 4"):
        SpatialAttention(4)


def test_eca_weights_worked_out_by_hand() -> None:
    eca = ECA()
    eca.conv.weight.data = torch.tensor([[[2.0, 0.0, 0.0]]])  # twice the channel before, nothing before the first
    x = torch.tensor([[1.0, -5.0], [3.0, 7.0], [4.0, 2.0]]).reshape(1, 3, 1, 2)  # peaks 1, 7, 4
    before = torch.sigmoid(torch.tensor([1.0, 7.0]))
    weights = torch.sigmoid(torch.cat([torch.zeros(1), 2 * before]))
    torch.testing.assert_close(eca(x), x * weights.reshape(1, 3, 1, 1))


@pytest.mark.parametrize("sides", [(5, 4), (3, 4, 5)])
@pytest.mark.parametrize("channels", [1, 2, 7])
def test_eca_takes_any_number_of_channels(sides: tuple[int, ...], channels: int) -> None:
    x = torch.randn(2, channels, *sides, dtype=torch.float64, requires_grad=True)
    eca = ECA(spatial_dims=len(sides)).double()
    assert eca(x).shape == x.shape
    assert torch.autograd.gradcheck(eca, (x,))


def test_eca_refuses_an_even_kernel() -> None:
    with pytest.raises(ValueError, match=r"must be odd.*got 2"):
        ECA(2)
