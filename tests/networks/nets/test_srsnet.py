"""The contract of the three networks."""

from typing import Any

import pytest
import torch
from torch import Tensor

from srs_monai.networks import ReconstructionNet, SegmentationNet, SRSNet

SMALL: dict[str, Any] = {
    "in_channels": 2,
    "out_channels": 3,
    "reconstruction_features": (8, 8, 8, 8),
    "reconstruction_blocks": (1, 2, 1, 1),
    "segmentation_features": (8, 8, 16, 16),
    "segmentation_blocks": (1, 1, 2, 1),
    "reconstruction_stem": 4,
    "segmentation_stem": 4,
}


def small(**options: Any) -> SRSNet:
    """A small network whose normalisation has seen data, so that eval and train mode differ."""
    network = SRSNet(**{**SMALL, **options})
    for name, buffer in network.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    return network


@pytest.fixture
def image() -> Tensor:
    return torch.randn(3, 2, 16, 24)


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_published_sizes() -> None:
    """The original's counts less the modules that it never calls."""
    network = SRSNet()
    assert parameters(network.segmentation) == 9_874_220
    assert parameters(network.reconstruction) == 734_250
    assert parameters(network.reconstruction.encoder) == 482_000


@pytest.mark.parametrize(("blocks", "count"), [((6, 8, 12, 6), 19_359_994), ((6, 8, 16, 8), None)])
def test_published_depths(blocks: tuple[int, ...], count: int | None) -> None:
    with torch.device("meta"):
        network = SegmentationNet(blocks=blocks)
    assert [len(stage) for stage in network.encoder.stages] == list(blocks)
    assert [len(network.decoder.nodes[name]) for name in ("0_3", "1_2", "2_1")] == list(blocks[:3])
    never_called = 11_207_308 - 9_874_220
    assert count is None or parameters(network) == count - never_called


def test_the_guide_is_the_deepest_reconstruction_feature(image: Tensor) -> None:
    network = small().eval()
    guide = network.reconstruction.encode(image)
    assert guide.shape == (3, 8, 2, 3)
    torch.testing.assert_close(network(image), network.segmentation(image, guide))
    torch.testing.assert_close(network(image, network.guide(image)), network(image), rtol=0, atol=0)
    torch.testing.assert_close(network.reconstruct(image), network.reconstruction(image))
    assert not torch.allclose(network(image), network.segmentation(image, guide.flip(0)))


@pytest.mark.parametrize(
    "options", [{}, {"dpconv_form": "literal"}, {"dpconv_generator": "dense", "dpconv_gate": False}]
)
def test_a_batch_equals_its_samples(image: Tensor, options: dict[str, Any]) -> None:
    network = small(**options).eval()
    assert network(image).shape == (3, 3, 16, 24)
    alone = torch.cat([network(sample) for sample in image.split(1)])
    torch.testing.assert_close(network(image), alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("joint", [False, True])
def test_every_trainable_parameter_gets_a_gradient(image: Tensor, joint: bool) -> None:
    network = small(freeze_reconstruction=not joint)
    network(image).square().mean().backward()
    trained = [name for name, parameter in network.named_parameters() if parameter.grad is not None]
    wanted = [name for name, _ in network.named_parameters() if not name.startswith("reconstruction.decoder")]
    assert trained == (wanted if joint else [name for name in wanted if name.startswith("segmentation")])
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters() if parameter.grad is not None)


def test_reconstruction_trains_alone(image: Tensor) -> None:
    network = ReconstructionNet(2, 2, (8, 8, 8, 8), (1, 1, 1, 1), 4)
    (network(image) - image).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_a_frozen_reconstruction_stays_as_it_was(image: Tensor) -> None:
    network = small().train()
    assert network.segmentation.training
    assert not any(part.training for part in network.reconstruction.modules())
    assert not any(parameter.requires_grad for parameter in network.reconstruction.parameters())
    before = {key: value.clone() for key, value in network.reconstruction.state_dict().items()}
    network(image).mean().backward()
    torch.testing.assert_close(network.reconstruction.state_dict(), before, rtol=0, atol=0)


def test_a_frozen_guide_carries_no_gradient_even_when_asked_for(image: Tensor) -> None:
    network = small()
    network.reconstruction.requires_grad_(True)
    network(image).mean().backward()
    assert all(parameter.grad is None for parameter in network.reconstruction.parameters())


def test_train_and_eval_reach_a_reconstruction_that_is_not_frozen() -> None:
    network = small(freeze_reconstruction=False)
    assert network.reconstruction.training
    assert not network.eval().reconstruction.training
    assert network.train().reconstruction.training


def test_drifting_statistics_are_those_of_the_batch_in_eval_mode_too(image: Tensor) -> None:
    network, image = small(drifting_statistics=True).double().eval(), image.double()
    assert network.reconstruction.training
    assert not network.segmentation.training
    guide = network.reconstruction.encode(image)  # train mode, gradients or not
    torch.testing.assert_close(network(image), network.segmentation(image, guide))
    torch.testing.assert_close(network(image, network.guide(image)), network(image), rtol=0, atol=0)
    alone = torch.cat([network(sample) for sample in image.split(1)])
    assert not torch.allclose(network(image), alone, rtol=1e-6)
    assert not any(parameter.requires_grad for parameter in network.reconstruction.parameters())
    mean = network.reconstruction.encoder.stem.adn.N.running_mean
    before = mean.clone()
    network(image)
    assert not torch.equal(mean, before)


def test_statistics_drift_in_a_frozen_network_only() -> None:
    with pytest.raises(ValueError, match=r"drifting_statistics .*freeze_reconstruction=False"):
        small(freeze_reconstruction=False, drifting_statistics=True)


def test_volumes_go_forward_and_back() -> None:
    network = small(spatial_dims=3)
    logits = network(torch.randn(2, 2, 8, 16, 8))
    assert logits.shape == (2, 3, 8, 16, 8)
    assert network.reconstruct(torch.randn(2, 2, 8, 16, 8)).shape == (2, 2, 8, 16, 8)
    logits.mean().backward()
    assert all(parameter.grad is not None for parameter in network.segmentation.parameters())


def test_weights_survive_a_round_trip_between_the_forms(image: Tensor) -> None:
    network, other = small().eval(), small(dpconv_form="literal").eval()
    other.load_state_dict(network.state_dict())
    assert (network.segmentation.dpconv.form, other.segmentation.dpconv.form) == ("closed", "literal")
    torch.testing.assert_close(other(image), network(image), rtol=1e-4, atol=1e-5)


def test_other_sizes_are_refused_by_every_entrance() -> None:
    network, odd = small(), torch.randn(1, 2, 20, 24)
    needs = "needs height and width in multiples of 8, got 20 x 24; pad the image to 24 x 24"
    for name, entrance in {
        "SRSNet": network,
        "ReconstructionNet": network.reconstruct,
        "Reconstruction": network.reconstruction.encode,
        "SegmentationNet": lambda image: network.segmentation(image, torch.randn(1, 8, 2, 3)),
    }.items():
        with pytest.raises(ValueError, match=f"{name}.* {needs}"):
            entrance(odd)


def test_exported_for_any_batch_and_size(image: Tensor) -> None:
    network = small().eval().requires_grad_(False)
    batch, rows, columns = (torch.export.Dim(name, min=1, max=32) for name in ("batch", "rows", "columns"))
    exported = torch.export.export(network, (image,), dynamic_shapes=({0: batch, 2: 8 * rows, 3: 8 * columns},))
    other = torch.randn(1, 2, 32, 16)
    torch.testing.assert_close(exported.module()(other), network(other), rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    "convert", [torch.jit.script, lambda network: torch.jit.trace(network, torch.randn(2, 2, 8, 8))]
)
def test_torchscript_computes_the_same(image: Tensor, convert: Any) -> None:
    network = small().eval().requires_grad_(False)
    torch.testing.assert_close(convert(network)(image), network(image), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kernel", ["dyconv", "odconv", "scconv", "magic", None])
@pytest.mark.parametrize("spatial_dims", [2, 3])
def test_other_kernels_take_dpconvs_place_and_need_no_reconstruction(kernel: str | None, spatial_dims: int) -> None:
    net = small_with(kernel, spatial_dims)
    image = torch.randn(2, 1, *[16] * spatial_dims, dtype=torch.float64)
    logits = net(image)
    assert logits.shape == (2, 1, *[16] * spatial_dims)
    logits.sum().backward()
    assert not any(name.startswith("reconstruction") for name, _ in net.named_parameters())
    torch.testing.assert_close(net.eval()(image), torch.cat([net(image[:1]), net(image[1:])]))
    with pytest.raises(ValueError, match="kernel='dpconv'"):
        net.reconstruct(image)
    if kernel is not None:  # the filtered feature is added to the feature: a filter of zeros filters nothing
        for parameter in net.segmentation.kernel.parameters():
            parameter.data.zero_()
        plain = small_with(None, spatial_dims).eval()
        plain.load_state_dict({k: v for k, v in net.state_dict().items() if not k.startswith("segmentation.kernel")})
        if kernel != "scconv":  # whose gates divide by the sum of its weights
            torch.testing.assert_close(net(image), plain(image))


def small_with(kernel: str | None, spatial_dims: int) -> SRSNet:
    torch.manual_seed(0)
    sizes = {"segmentation_features": (8, 16), "segmentation_blocks": (1, 1)}
    return SRSNet(spatial_dims, 1, 1, (4, 8), (1, 1), kernel=kernel, **sizes).double()


def test_unknown_kernels_and_guides_without_use_are_refused() -> None:
    with pytest.raises(ValueError, match="did you mean 'dyconv'"):
        small_with("dyconf", 2)
    with pytest.raises(ValueError, match="kernel='magic'"):
        SRSNet(kernel="magic", drifting_statistics=True)
    image = torch.zeros(1, 1, 16, 16, dtype=torch.float64)
    assert small_with(None, 2).guide(image) is None
    with pytest.raises(ValueError, match="kernel='dpconv'"):
        small_with(None, 2).segmentation(image, image)
    with pytest.raises(ValueError, match="guide, got none"):
        small_with("dpconv", 2).segmentation(image)
