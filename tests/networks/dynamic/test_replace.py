"""Networks whose convolutions became dynamic."""

from collections.abc import Callable

import pytest
import torch
from monai.networks.nets import BasicUNet, UNet
from torch import nn

from srs_monai.networks import DYNAMIC_CONVS, DCDConv, DyConv, MAGICConv, SRSNet, replace_convs


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.Sequential(nn.ReLU(), nn.Conv2d(16, 24, 3, stride=2, padding=1, bias=False)),
        nn.Conv2d(24, 16, 3, padding=2, dilation=2, groups=4),
        nn.ConvTranspose2d(16, 16, 2, 2),
        nn.Conv2d(16, 2, 1),
    ).double()


@pytest.mark.parametrize("name", ["dyconv", "magic"])
def test_kinds_whose_weights_sum_to_one_start_as_the_static_network(name: str) -> None:
    static, dynamic = small(), replace_convs(small(), name, num_kernels=3)
    x = torch.randn(2, 3, 12, 10, dtype=torch.float64)
    torch.testing.assert_close(dynamic(x), static(x))
    kinds = [type(part).__name__ for part in dynamic.modules() if isinstance(part, (nn.Conv2d, MAGICConv, DyConv))]
    assert kinds[0] == "Conv2d"
    assert dynamic[1][1].stride == [2, 2]
    assert dynamic[1][1].bias is None
    assert (dynamic[2].groups, dynamic[2].dilation, dynamic[2].padding) == (4, [2, 2], [2, 2])
    assert isinstance(dynamic[3], nn.ConvTranspose2d)


def test_only_chosen_ones_are_turned_and_the_first_on_request() -> None:
    network = replace_convs(small(), "condconv", where=lambda path, conv: conv.kernel_size == (3, 3))
    assert [type(part).__name__ for part in (network[0], network[1][1], network[2], network[4])] == [
        "Conv2d",
        "CondConv",
        "CondConv",
        "Conv2d",
    ]
    every = replace_convs(small(), "condconv", skip_first=False)
    assert type(every[0]).__name__ == "CondConv"
    torch.testing.assert_close(every[0].weight[2], small()[0].weight)


def test_a_convolution_by_itself() -> None:
    static = nn.Conv2d(16, 24, 3, padding=1).eval()
    layer = replace_convs(static, "dcd", skip_first=False)
    assert isinstance(layer, DCDConv)
    assert not layer.training
    torch.testing.assert_close(layer.conv.weight, static.weight)
    torch.testing.assert_close(layer.bias, static.bias)


@pytest.mark.parametrize("name", ["condconv", "dyconv", "odconv", "magic"])
@pytest.mark.parametrize("spatial_dims", [2, 3])
def test_monai_networks(name: str, spatial_dims: int) -> None:
    network = UNet(spatial_dims, 1, 2, channels=(16, 32, 64), strides=(2, 2), num_res_units=1)
    replaced = replace_convs(network, name, where=lambda path, conv: conv.in_channels > 8)  # not those of the 2 classes
    assert replaced is network
    x = torch.randn(2, 1, *[16] * spatial_dims)
    replaced(x).sum().backward()
    assert sum(isinstance(part, DYNAMIC_CONVS[name]) for part in network.modules()) > 2
    assert not any(isinstance(part, DYNAMIC_CONVS[name]) and part.in_channels == 1 for part in network.modules())


def test_what_a_kind_cannot_stand_for_is_named_and_nothing_changes() -> None:
    network = BasicUNet(2, 1, 1, features=(8, 8, 16, 16, 16, 8))
    before = [type(part) for part in network.modules()]
    with pytest.raises(ValueError, match=r"'conv_0.conv_1.conv' cannot become 'magic': .*reduction 8; .*`where`"):
        replace_convs(network, "magic")
    assert [type(part) for part in network.modules()] == before


def test_nothing_to_turn_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"Sequential has 0 .*`where`"):
        replace_convs(nn.Sequential(nn.Conv2d(3, 3, 1)), "dyconv")
    with pytest.raises(ValueError, match="pads by 'reflect'"):
        replace_convs(nn.Conv2d(16, 16, 3, padding=1, padding_mode="reflect"), "dyconv", skip_first=False)


def test_what_takes_a_guide_stands_for_no_convolution() -> None:
    with pytest.raises(ValueError, match=r"'dpconv' .*; choose one of condconv, dcd"):
        replace_convs(small(), "dpconv")
    with pytest.raises(ValueError, match="did you mean 'magic'"):
        replace_convs(small(), "magik")


def test_a_convolution_used_twice_becomes_one_layer() -> None:
    shared = nn.Conv2d(16, 16, 3, padding=1)
    network = nn.Sequential(nn.Conv2d(1, 16, 3), shared, nn.ReLU(), nn.Sequential(shared)).double()
    x = torch.randn(2, 1, 12, 10, dtype=torch.float64)
    static = network(x)
    replaced = replace_convs(network, "dyconv", where=lambda path, _: path == "3.0")
    assert isinstance(replaced[1], DyConv)
    assert replaced[1] is replaced[3][0]
    torch.testing.assert_close(replaced(x), static)


@pytest.mark.parametrize("first", ["magic", "odconv", "dcd"])
def test_what_dynamic_layers_are_made_of_stays(first: str) -> None:
    network = nn.Sequential(nn.Conv2d(1, 16, 3), nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(16, 16, 3))
    replace_convs(network, first, where=lambda path, _: path == "1")
    parts = list(network[1].modules())
    replace_convs(network, "condconv")
    assert list(network[1].modules()) == parts
    assert type(network[2]).__name__ == "CondConv"


def test_the_guided_convolution_of_srsnet_stays() -> None:
    sizes = {"segmentation_features": (8, 16), "segmentation_blocks": (1, 1)}
    network = replace_convs(SRSNet(2, 1, 1, (4, 8), (1, 1), **sizes), "condconv", num_kernels=2)
    network(torch.randn(2, 1, 8, 8)).sum().backward()
    assert isinstance(network.segmentation.dpconv.to_kernel, nn.Conv2d)


class Doubling(nn.Conv2d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    ("conv", "said"),
    [
        (lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(16, 16, 3)), "made from others"),
        (lambda: nn.utils.spectral_norm(nn.Conv2d(16, 16, 3)), "made from others"),
        (lambda: Doubling(16, 16, 3), "is a Doubling"),
        (lambda: nn.LazyConv2d(16, 3), "does not know its channels"),
    ],
)
def test_convolutions_that_would_lose_something_are_refused(conv: Callable[[], nn.Module], said: str) -> None:
    network = nn.Sequential(nn.Conv2d(1, 16, 3), conv())
    with pytest.raises(ValueError, match=f"convolution '1' .*{said}|weight of convolution '1' is {said}"):
        replace_convs(network, "dyconv")
    assert not isinstance(network[1], DyConv)
