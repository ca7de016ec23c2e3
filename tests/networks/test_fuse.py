"""The network for inference: the same logits, nothing left to fold."""

import pytest
import torch
from monai.networks.nets import UNet
from torch import nn

from srs_monai.networks import SRSNet
from srs_monai.networks.fuse import fuse


def lived_in(network: nn.Module) -> nn.Module:
    """Batch norms that have seen data: with statistics and weights that matter."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d | nn.BatchNorm3d):
            nn.init.uniform_(part.running_mean, -0.5, 0.5)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.5, 0.5)
    return network.eval()


def srsnet(**options: object) -> SRSNet:
    sizes = {"reconstruction_features": (8, 16), "segmentation_features": (8, 16)}
    blocks = {"reconstruction_blocks": (1, 2), "segmentation_blocks": (2, 1)}
    return SRSNet(**sizes, **blocks, **options).double()


@pytest.mark.parametrize("options", [{}, {"dpconv_form": "literal"}, {"kernel": "magic"}, {"out_channels": 4}])
def test_a_fused_network_gives_the_same_logits(options: dict[str, object]) -> None:
    network, image = lived_in(srsnet(**options)), torch.rand(3, 3, 16, 24, dtype=torch.float64)
    state = {key: value.clone() for key, value in network.state_dict().items()}
    with torch.no_grad():
        torch.testing.assert_close(fuse(network)(image), network(image), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(network.state_dict(), state, rtol=0, atol=0)


def test_volumes_too() -> None:
    network, image = lived_in(srsnet(spatial_dims=3)), torch.rand(1, 3, 4, 6, 8, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(fuse(network)(image), network(image), rtol=1e-9, atol=1e-9)


def test_no_norm_and_no_decoder_of_the_reconstruction_is_left() -> None:
    network = lived_in(srsnet())
    fused = fuse(network)
    assert any(isinstance(part, nn.BatchNorm2d) for part in network.modules())
    assert not any(isinstance(part, nn.BatchNorm2d) for part in fused.modules())
    assert not list(fused.reconstruction.decoder.parameters())
    assert not any(parameter.requires_grad for parameter in fused.parameters())
    with pytest.raises(ValueError, match="call reconstruct"):
        fused.reconstruct(torch.rand(1, 3, 16, 16, dtype=torch.float64))


def test_statistics_that_drift_are_left_alone() -> None:
    network = lived_in(srsnet(drifting_statistics=True))
    fused = fuse(network)
    assert any(isinstance(part, nn.BatchNorm2d) for part in fused.reconstruction.modules())
    assert not any(isinstance(part, nn.BatchNorm2d) for part in fused.segmentation.modules())
    image = torch.rand(2, 3, 16, 16, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(fused(image), network(image), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("order", ["NDA", "ADN"])  # folded, and kept where something comes in between
def test_other_networks_are_served(order: str) -> None:
    network = UNet(2, 3, 1, (4, 8), (2,), num_res_units=1, norm="batch", adn_ordering=order).double()
    image = torch.rand(2, 3, 16, 16, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(fuse(lived_in(network))(image), network(image), rtol=1e-9, atol=1e-9)
    folded = not any(isinstance(part, nn.BatchNorm2d) for part in fuse(network).model[0].modules())
    assert folded is (order == "NDA")


def test_a_fused_network_can_be_scripted() -> None:
    network, image = lived_in(srsnet()), torch.rand(2, 3, 16, 16, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(torch.jit.script(fuse(network))(image), network(image), rtol=1e-9, atol=1e-9)
