"""TransUNet: the authors' parameters and FLOPs, and the parts that are its own."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from srs_monai.networks import TransUNet
from srs_monai.networks.layers import StandardizedConv2d


@pytest.mark.parametrize(("side", "parameters", "gflops"), [(224, 105_275_921, 58.34), (256, 105_322_001, 76.77)])
def test_parameters_and_flops_are_those_of_the_authors_code(side: int, parameters: int, gflops: float) -> None:
    with torch.device("meta"):
        network, image = TransUNet(image_size=(side, side)), torch.zeros(1, 3, side, side)
    assert sum(value.numel() for value in network.parameters()) == parameters
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        assert network(image).shape == (1, 1, side, side)
    assert round(counter.get_total_flops() / 1e9, 2) == gflops


def test_skips_stand_at_a_half_a_quarter_and_an_eighth() -> None:
    with torch.device("meta"):
        network = TransUNet()
        maps = network.encoder(torch.zeros(1, 3, 64, 96))
    sizes = [(64, 32, 48), (256, 16, 24), (512, 8, 12), (1024, 4, 6)]
    assert [tuple(x.shape[1:]) for x in maps] == sizes


def small() -> TransUNet:
    torch.manual_seed(0)
    return TransUNet(features=32, blocks=(1, 1, 1), hidden_size=32, mlp_dim=32, num_heads=4, num_layers=1).eval()


def test_the_decoder_doubles_with_aligned_corners_and_puts_skips_behind() -> None:
    network, image = small(), torch.randn(1, 3, 32, 48)
    half, quarter, eighth, deepest = network.encoder(image)
    x = network.bottom(network.transformer(deepest))
    for convolve, skip in zip(network.decoder, (eighth, quarter, half, None), strict=True):
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        x = convolve(x if skip is None else torch.cat([x, skip], 1))
    torch.testing.assert_close(network(image), network.head(x))


def test_every_convolution_of_the_encoder_is_standardised() -> None:
    convolutions = [part for part in small().encoder.modules() if isinstance(part, nn.Conv2d)]
    assert len(convolutions) == 1 + 3 * 4
    assert all(isinstance(conv, StandardizedConv2d) for conv in convolutions)


def test_the_map_at_a_quarter_is_padded_below_and_to_the_right() -> None:
    quarter = small().encoder(torch.randn(1, 3, 32, 48))[1]
    assert quarter.shape[2:] == (8, 12)
    assert not quarter[:, :, -1].any()
    assert not quarter[..., -1].any()
    assert quarter[:, :, -2].any()
    assert quarter[..., -2].any()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"in_channels": 0}, "TransUNet .*got in_channels 0"),
        ({"image_size": (224, 230)}, r"two multiples of 16, got \[224, 230\]"),
        ({"image_size": (224,)}, r"two multiples of 16, got \[224\]"),
        ({"features": 48}, "multiples of 32, got 48 features"),
        ({"blocks": (3, 4, 9, 3)}, r"3 stages .*got blocks \[3, 4, 9, 3\]"),
        ({"blocks": (3, 0, 9)}, r"got blocks \[3, 0, 9\]"),
        ({"decoder_features": (256, 128, 64, 16)}, r"5 decoder_features .*\[256, 128, 64, 16\]"),
        ({"num_heads": 7}, "768 channels cannot be shared by 7 heads"),
        ({"dropout": 1.5}, r"dropout .*got 1\.5"),
    ],
)
def test_bad_arguments_are_refused(options: dict[str, object], said: str) -> None:
    with torch.device("meta"), pytest.raises(ValueError, match=said):
        TransUNet(**options)


def test_sides_that_do_not_fit_are_refused_with_a_way_out() -> None:
    with torch.device("meta"):
        network = TransUNet(num_layers=1)
        with pytest.raises(ValueError, match=r"multiples of 16, got 64 x 100; .*64 x 112 or add DivisiblePadd"):
            network(torch.zeros(1, 3, 64, 100))
