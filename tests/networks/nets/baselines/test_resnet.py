"""The ResNet under several baselines."""

import pytest
import torch

from srs_monai.networks.nets.baselines.resnet import ResNetStages


@pytest.mark.parametrize(
    ("depth", "parameters"),
    # those published for the whole networks, less their classifiers of 1000 classes
    [(18, 11_689_512 - 513_000), (34, 21_797_672 - 513_000), (50, 25_557_032 - 2_049_000)],
)
def test_parameters_are_those_of_the_article_s_networks(depth: int, parameters: int) -> None:
    with torch.device("meta"):
        network = ResNetStages(3, depth)
        maps = network(torch.zeros(1, 3, 64, 96))
    assert sum(value.numel() for value in network.parameters()) == parameters
    wide = 1 if depth < 50 else 4
    assert network.channels == [64 * wide, 128 * wide, 256 * wide, 512 * wide]
    assert [tuple(x.shape[1:]) for x in maps] == [
        (channels, 16 // 2**n, 24 // 2**n) for n, channels in enumerate(network.channels)
    ]


def test_stages_not_asked_for_are_not_there() -> None:
    with torch.device("meta"):
        network = ResNetStages(1, 34, stages=3)
    assert network.channels == [64, 128, 256]
    assert len(network(torch.zeros(1, 1, 32, 32, device="meta"))) == 3
    assert not any(name.startswith(("layer4", "fc", "avgpool.")) for name, _ in network.named_parameters())


def test_gradients_pass_the_shortcuts() -> None:
    network = ResNetStages(3, 18, stages=2).eval()
    for name, value in network.named_parameters():
        if name.startswith("layer2") and ".conv" in name:
            value.data.zero_()  # only shortcuts are left
    image = torch.randn(1, 3, 32, 32, requires_grad=True)
    network(image)[1].sum().backward()
    assert image.grad is not None
    assert image.grad.abs().max() > 0


def test_unknown_depths_and_stages_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[18, 34, 50\], got 42"):
        ResNetStages(3, 42)
    with pytest.raises(ValueError, match="1 to 4, got 5"):
        ResNetStages(3, 18, stages=5)
