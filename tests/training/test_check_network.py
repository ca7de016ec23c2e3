"""A network that does not fit the run is refused before any work."""

import pytest
import torch
from torch import nn

from srs_monai.networks import SRSNet
from srs_monai.training import check_network


def test_a_network_that_fits_passes_and_stays_as_it_is() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.BatchNorm2d(2)).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    check_network(network, 3, 2, (8, 16))
    check_network(nn.Identity(), 3, 3, (8, 16))  # of no parameters
    assert network.training
    torch.testing.assert_close(dict(network.state_dict()), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("network", "text"),
    [
        (nn.Conv2d(3, 2, 1), r"gives \(1, 2, 8, 16\) in place of \(1, 1, 8, 16\); make network_def"),
        (nn.Conv2d(3, 1, 3), r"gives \(1, 1, 6, 14\) in place of \(1, 1, 8, 16\)"),
    ],
)
def test_another_shape_is_refused(network: nn.Module, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        check_network(network, 3, 1, (8, 16))


def test_the_networks_own_refusal_comes_through() -> None:
    network = SRSNet(reconstruction_blocks=(1, 1, 1, 1), segmentation_blocks=(1, 1, 1, 1))
    with pytest.raises(ValueError, match="multiples of 8, got 100 x 100"):
        check_network(network, 3, 1, (100, 100))
