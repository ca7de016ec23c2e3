"""SRSNet on a pretrained encoder: what guides it, what is trained of it, and what it rejects."""

import pytest
import torch

from srs_monai.networks import SRSNetPretrained


def test_the_guide_changes_the_logits_and_is_frozen() -> None:
    network = SRSNetPretrained().eval()
    image = torch.rand(2, 3, 64, 64)
    guide = network.guide(image)
    assert guide is not None
    assert guide.shape == (2, 64, 4, 4)
    torch.testing.assert_close(network(image), network(image, guide))
    assert not torch.equal(network(image, guide * 2), network(image, guide))
    assert {name.split(".")[0] for name, weight in network.named_parameters() if weight.requires_grad} == {
        "segmentation"
    }


def test_without_a_kernel_it_is_the_segmentation_network_alone() -> None:
    network = SRSNetPretrained(kernel=None, out_channels=3)
    assert network.reconstruction is None
    assert network(torch.rand(1, 3, 32, 64)).shape == (1, 3, 32, 64)
    with pytest.raises(ValueError, match="reconstruction network"):
        network.reconstruct(torch.rand(1, 3, 32, 64))


@pytest.mark.parametrize(
    ("options", "value"),
    [({"in_channels": 1}, "1 channels"), ({"spatial_dims": 3}, "3 dimensions"), ({"kernel": "magic"}, "magic")],
)
def test_what_the_encoder_does_not_take_is_rejected(options: dict[str, object], value: str) -> None:
    with pytest.raises(ValueError, match=value):
        SRSNetPretrained(**options)  # type: ignore[arg-type]


def test_sides_are_multiples_of_32() -> None:
    with pytest.raises(ValueError, match=r"SRSNetPretrained needs .* multiples of 32, got 48 x 64"):
        SRSNetPretrained()(torch.rand(1, 3, 48, 64))


def test_a_deeper_reconstruction_network_needs_larger_multiples() -> None:
    network = SRSNetPretrained(reconstruction_features=(8, 8, 16, 32, 64, 64), reconstruction_blocks=(1,) * 6)
    assert network.multiple == 64
    with pytest.raises(ValueError, match=r"SRSNetPretrained needs .* multiples of 64, got 96 x 64"):
        network(torch.zeros(1, 3, 96, 64))
