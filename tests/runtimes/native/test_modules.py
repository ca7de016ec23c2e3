"""Our own kernels give what the modules give whose place they take."""

import pytest
import torch
from monai.data import MetaTensor
from monai.networks.blocks import Convolution
from torch import Tensor, nn

from srs_monai.environment import cpp_compiler
from srs_monai.networks import DPConv, SRSNet
from srs_monai.networks.blocks import ResidualNode
from srs_monai.runtimes.native import accelerate
from srs_monai.runtimes.native.modules import NativeConv3, NativeDPConv, NativeNode

pytestmark = pytest.mark.skipif(cpp_compiler() is None, reason="no C++ compiler")
SIDES = [(4, 4), (8, 12), (5, 7), (1, 3), (30, 18)]  # whole tiles, and tiles that end outside


def lived_in(network: nn.Module) -> nn.Module:
    """Batch norms that have seen data: with statistics and weights that matter."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_mean, -0.5, 0.5)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.5, 0.5)
    return network.eval()


def replaced(part: nn.Module, kind: type[nn.Module]) -> nn.Module:
    """The part in our kernels, as a network has it."""
    native = accelerate(nn.ModuleList([part]))[0]
    assert isinstance(native, kind)
    return native


def assert_equal(got: Tensor, expected: Tensor) -> None:
    """Equal but for rounding, seen from the largest value."""
    assert got.shape == expected.shape
    torch.testing.assert_close(got, expected, rtol=0, atol=2e-5 * float(expected.abs().max()))


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(3)


@torch.no_grad()
@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("channels", [(16, 16), (3, 5), (8, 64), (40, 112)])
def test_a_convolution_of_any_size(channels: tuple[int, int], sides: tuple[int, int]) -> None:
    weight, bias = torch.randn(*channels[::-1], 3, 3), torch.randn(channels[1])
    x = torch.randn(2, channels[0], *sides)
    expected = torch.conv2d(x, weight, bias, padding=1)
    assert_equal(NativeConv3(weight, bias, rectify=False)(x), expected)
    assert_equal(NativeConv3(weight, None, rectify=True)(x), (expected - bias[:, None, None]).relu())


@torch.no_grad()
@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("channels", [(16, 16), (16, 48), (3, 8), (32, 64)])
def test_a_node_of_several_blocks(channels: tuple[int, int], sides: tuple[int, int]) -> None:
    node, x = lived_in(ResidualNode(*channels, 2)), torch.randn(2, channels[0], *sides)
    native = replaced(node, NativeNode)
    assert_equal(native([x]), node([x]))
    assert_equal(native([x.contiguous(memory_format=torch.channels_last)]), node([x]))


@torch.no_grad()
@pytest.mark.parametrize("widths", [(16, 32, 16), (128, 16), (8, 24)])
def test_a_node_of_several_maps(widths: tuple[int, ...]) -> None:
    node = lived_in(ResidualNode(sum(widths), 128, 1))
    links = [torch.randn(2, width, 6, 9) for width in widths]
    assert_equal(replaced(node, NativeNode)(links), node(links))


@torch.no_grad()
def test_weights_of_negative_features_ignore_the_channels_that_fill_up() -> None:
    node = lived_in(ResidualNode(8, 8, 1))
    nn.init.constant_(node[0].norm2.bias, -50)  # every peak over the channels is below zero
    x = torch.randn(1, 8, 8, 8)
    assert_equal(replaced(node, NativeNode)([x]), node([x]))


@torch.no_grad()
@pytest.mark.parametrize("bias", [False, True])
def test_dpconv(bias: bool) -> None:
    layer, x, guide = DPConv(32, 32, guide_channels=16, bias=bias), torch.randn(3, 32, 8, 6), torch.randn(3, 16, 4, 4)
    if bias:
        nn.init.normal_(layer.bias)
    assert_equal(replaced(layer, NativeDPConv)(x, guide), layer(x, guide))


@pytest.mark.parametrize(
    "part",
    [
        DPConv(4, 6, 1, guide_channels=4),  # kernels of one pixel
        DPConv(4, 4, (3, 1), guide_channels=4),
        DPConv(4, 3, guide_channels=6),  # filters in parts
        DPConv(4, 4, guide_channels=4, form="literal"),
        Convolution(2, 4, 4, strides=2, norm="batch", act="relu"),
        Convolution(2, 4, 4, norm="instance", act="relu"),
        Convolution(2, 4, 4, norm="batch", act="prelu"),
        Convolution(2, 4, 4, kernel_size=1, norm="batch", act="relu"),
        ResidualNode(4, 4, 1, spatial_dims=3),
    ],
    ids=str,
)
def test_what_the_kernels_cannot_do_stays(part: nn.Module) -> None:
    assert type(accelerate(nn.ModuleList([part]))[0]) is type(part)


@torch.no_grad()
@pytest.mark.parametrize("options", [{}, {"dpconv_form": "literal"}, {"kernel": "magic"}, {"out_channels": 4}])
def test_a_whole_network(options: dict[str, object]) -> None:
    network = lived_in(SRSNet(reconstruction_blocks=(1, 1, 2, 1), segmentation_blocks=(1, 2, 1, 1), **options))
    native = accelerate(network)
    for image in (torch.rand(1, 3, 64, 64), torch.rand(3, 3, 40, 56)):
        torch.testing.assert_close(native(image).sigmoid(), network(image).sigmoid(), rtol=0, atol=1e-5)


@torch.no_grad()
def test_the_same_image_gives_the_same_numbers_in_any_batch() -> None:
    native = accelerate(lived_in(SRSNet(reconstruction_blocks=(1, 1, 1, 1), segmentation_blocks=(1, 1, 1, 1))))
    images = torch.rand(4, 3, 32, 32)
    torch.testing.assert_close(native(images), torch.cat([native(image[None]) for image in images]), rtol=0, atol=1e-6)
    assert native(images[:0]).shape == (0, 1, 32, 32)


@torch.no_grad()
def test_what_is_no_number_comes_through() -> None:
    node = lived_in(ResidualNode(16, 16, 1))
    x = torch.randn(1, 16, 8, 8)
    x[0, 3, 4, 4] = torch.nan
    assert replaced(node, NativeNode)([x]).isnan().any()


@torch.no_grad()
def test_other_numbers_than_float32_are_refused() -> None:
    node, x = replaced(lived_in(ResidualNode(16, 16, 1)), NativeNode), torch.randn(1, 16, 8, 8)
    with pytest.raises(ValueError, match=r"float32 on the CPU, got torch\.bfloat16 on cpu; remove autocast"):
        node(x.bfloat16())
    with pytest.raises(ValueError, match=r"got torch\.float32 on meta"):
        node(x.to("meta"))


@torch.no_grad()
def test_other_channels_than_the_networks_are_refused() -> None:
    """The kernels look at no shapes: they would read other memory."""
    native = accelerate(lived_in(SRSNet(reconstruction_blocks=(1, 1, 1, 1), segmentation_blocks=(1, 1, 1, 1))))
    for shape in ((1, 1, 16, 16), (1, 40, 16, 16), (1, 3, 16, 16, 8)):
        with pytest.raises(ValueError, match=rf"3 channels together.* got \({', '.join(map(str, shape))}\)"):
            native(torch.rand(shape))
    node = replaced(lived_in(ResidualNode(8, 8, 1)), NativeNode)
    with pytest.raises(ValueError, match=r"of one batch and size.* got \(1, 4, 8, 8\), \(1, 4, 8, 6\)"):
        node([torch.rand(1, 4, 8, 8), torch.rand(1, 4, 8, 6)])
    layer = replaced(DPConv(32, 32, guide_channels=16).eval(), NativeDPConv)
    with pytest.raises(ValueError, match="got 3 samples and 1 guides"):
        layer(torch.rand(3, 32, 8, 6), torch.rand(1, 16, 4, 4))


def test_gradients_are_refused_and_not_lost() -> None:
    native, x = replaced(lived_in(ResidualNode(16, 16, 1)), NativeNode), torch.randn(1, 16, 8, 8)
    with pytest.raises(ValueError, match=r"compute no gradients.*torch\.no_grad\(\)"):
        native(x.requires_grad_())
    with torch.no_grad():
        assert native(x).isfinite().all()
    with torch.inference_mode():
        assert native(x).isfinite().all()


@torch.no_grad()
def test_metatensors_and_images_that_lie_apart_in_memory() -> None:
    network = lived_in(SRSNet(reconstruction_blocks=(1, 1, 1, 1), segmentation_blocks=(1, 1, 1, 1)))
    native, image = accelerate(network), torch.rand(2, 3, 16, 24)
    expected = native(image)
    result = native(MetaTensor(image, meta={"filename_or_obj": "a.png"}))
    assert isinstance(result, MetaTensor)
    assert result.meta["filename_or_obj"] == "a.png"
    assert_equal(result.as_tensor(), expected)
    for same in (image.repeat_interleave(2, dim=-1)[..., ::2], image.mT.contiguous().mT):
        assert_equal(native(same), expected)
    one = image[:1, :1].expand(2, 3, -1, -1)
    assert_equal(native(one), network(one))
