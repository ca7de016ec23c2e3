"""A small trained-like network, and a cache of its own for every module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from srs_monai.networks import SRSNet


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that graphs and choices go to."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("SRS_MONAI_CACHE", str(folder))
        yield folder


def small_network(out_channels: int = 1) -> SRSNet:
    """The smallest SRSNet that has every part, whose batch norms have seen images and whose logits spread."""
    torch.manual_seed(1)
    network = SRSNet(
        out_channels=out_channels,
        reconstruction_features=(4, 8),
        reconstruction_blocks=(1, 1),
        reconstruction_stem=4,
        segmentation_features=(8, 16),
        segmentation_blocks=(1, 1),
        segmentation_stem=4,
    )
    network.train()
    with torch.no_grad():
        for part in network.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.train()
                part.weight.uniform_(0.5, 2.0)
                part.bias.normal_()
        for _ in range(3):
            network(torch.rand(4, 3, 32, 32) * torch.rand(4, 3, 1, 1))
        network.eval()
        head, logits = network.segmentation.decoder.head, network(torch.rand(8, 3, 64, 64))
        head.bias -= logits.mean((0, 2, 3))
        head.weight /= logits.std()
        head.bias /= logits.std()
    return network


@pytest.fixture(scope="module")
def network() -> SRSNet:
    return small_network()


@pytest.fixture(scope="module")
def classes_network() -> SRSNet:
    return small_network(3)
