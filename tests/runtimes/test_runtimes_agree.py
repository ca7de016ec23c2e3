"""Every runtime that is here gives the probabilities of the network, at any batch and size."""

import pytest
import torch
from monai.data import MetaTensor
from monai.networks.nets import UNet
from torch import Tensor, nn

from srs_monai.networks import SRSNet
from srs_monai.runtimes import RUNTIMES, Runtime, available, build

SLOW = {"compile"}  # its compiler takes most of a minute
QUICK = available("cpu", [name for name in RUNTIMES if name not in SLOW])
HERE = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in sorted(SLOW))]
LOWERED = [(name, "bfloat16") for name in QUICK if "bfloat16" in RUNTIMES[name].precisions]


def sigmoid_of(network: nn.Module, images: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.sigmoid(network(images))


@pytest.fixture(scope="module", params=HERE)
def runtime(request: pytest.FixtureRequest, network: SRSNet) -> Runtime:
    if fault := RUNTIMES[request.param].fault(torch.device("cpu")):
        pytest.skip(f"runtime {request.param} {fault}")
    return build(network, request.param)


@pytest.mark.parametrize("size", [(64, 64), (48, 80)], ids=str)
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_probabilities_are_those_of_the_network(
    runtime: Runtime, network: SRSNet, batch: int, size: tuple[int, int]
) -> None:
    images = torch.rand(batch, 3, *size)
    found, expected = runtime(images), sigmoid_of(network, images)
    assert expected.std() > 0.05, "a constant result would agree with anything"
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", QUICK)
def test_many_sizes_are_served(name: str, network: SRSNet) -> None:
    runtime = build(network, name)
    for side in (16, 32, 40, 48, 56, 64, 16):
        images = torch.rand(2, 3, side, 32)
        torch.testing.assert_close(runtime(images), sigmoid_of(network, images), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", QUICK)
def test_meta_data_come_out_with_the_probabilities(name: str, network: SRSNet) -> None:
    images = torch.rand(2, 3, 16, 32)
    found = build(network, name)(MetaTensor(images, meta={"filename_or_obj": "a.png"}).requires_grad_())
    assert isinstance(found, MetaTensor)
    assert found.meta["filename_or_obj"] == "a.png"
    torch.testing.assert_close(found.as_tensor(), sigmoid_of(network, images), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", QUICK)
def test_classes_compete(name: str, classes_network: SRSNet) -> None:
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        expected = classes_network(images).softmax(dim=1)
    torch.testing.assert_close(build(classes_network, name)(images), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("name", "precision"), LOWERED)
def test_a_lower_precision_is_used_and_stays_close(name: str, precision: str, network: SRSNet) -> None:
    images = torch.rand(3, 3, 64, 64)
    runtime = build(network, name, precision=precision)
    found, expected = runtime(images), sigmoid_of(network, images)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=5e-2)
    # where a processor has no bfloat16, OpenVINO keeps float32
    assert (
        name == "openvino" or runtime.precision == "float32" or not torch.allclose(found, expected, rtol=0, atol=1e-5)
    )


@pytest.mark.parametrize("name", QUICK)
def test_a_side_that_the_network_refuses_is_refused_by_its_words(name: str, network: SRSNet) -> None:
    with pytest.raises(ValueError, match="multiples of 2, got 33 x 32"):
        build(network, name)(torch.rand(1, 3, 33, 32))


@pytest.mark.parametrize("name", ["eager", "channels_last"])
def test_any_network_is_served(name: str) -> None:
    unet = UNet(spatial_dims=2, in_channels=1, out_channels=2, channels=(4, 8), strides=(2,)).eval()
    images = torch.rand(3, 1, 32, 32)
    with torch.no_grad():
        expected = unet(images).softmax(dim=1)
    torch.testing.assert_close(build(unet, name)(images), expected)


class DeepSupervision(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 1)

    def forward(self, image: Tensor) -> list[Tensor]:
        return [self.conv(image), self.conv(image[..., ::2, ::2])]


@pytest.mark.parametrize("name", QUICK)
def test_of_several_outputs_the_finest_counts(name: str) -> None:
    network, images = DeepSupervision(), torch.rand(2, 3, 32, 32)
    expected = torch.sigmoid(network(images)[0]).detach()
    torch.testing.assert_close(build(network, name)(images), expected)


def test_volumes_go_through_torch_in_their_own_layout() -> None:
    network, images = nn.Conv3d(2, 1, 3, padding=1), torch.rand(2, 2, 8, 8, 8)
    expected = torch.sigmoid(network(images)).detach()
    torch.testing.assert_close(build(network, "channels_last")(images), expected)


def test_the_network_stays_as_it_is(network: SRSNet) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.train()
    try:
        build(network, "channels_last")(torch.rand(2, 3, 32, 32))
        assert network.training
        assert network.segmentation.training
        assert not network.reconstruction.training  # type: ignore[union-attr]
    finally:
        network.eval()
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert network.reconstruct(torch.rand(1, 3, 32, 32)).shape == (1, 3, 32, 32)
