"""ResNet-18 with a light Hamburger head."""

import pytest
import torch
import torch.nn.functional as F

from srs_monai.networks import HamburgerResNet18
from srs_monai.networks.nets.baselines.hamburger import Hamburger


def test_the_head_has_the_parameters_of_its_convolutions() -> None:
    network = HamburgerResNet18(out_channels=2, features=64, bases=8)
    head = sum(value.numel() for name, value in network.named_parameters() if not name.startswith("encoder."))
    squeeze, bread, align = (128 + 256 + 512) * 64 + 2 * 64, 64 * 65 + 64 * 64 + 2 * 64, 64 * 64 + 2 * 64
    assert head == squeeze + bread + align + 2 * 65


def test_a_hamburger_adds_the_normalised_context_to_its_input() -> None:
    torch.manual_seed(0)
    hamburger, x = Hamburger(32, bases=4, steps=2), torch.randn(2, 32, 5, 4)
    context = hamburger.upper(hamburger.ham(F.relu(hamburger.lower(x))))
    torch.testing.assert_close(hamburger(x), F.relu(x + F.group_norm(context, 32)))
    assert context.abs().max() > 0
    torch.nn.init.zeros_(hamburger.norm.weight)
    torch.testing.assert_close(hamburger(x), F.relu(x))


def test_images_need_no_particular_size() -> None:
    network = HamburgerResNet18(1, 3, features=32, bases=4).eval()
    assert network(torch.randn(1, 1, 45, 70)).shape == (1, 3, 45, 70)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"out_channels": 0}, "HamburgerResNet18 .*out_channels 0"),
        ({"features": 100}, "multiples of 32, got 100 features"),
        ({"bases": 0}, "got 0 bases"),
        ({"dropout": -0.1}, r"dropout .*got -0\.1"),
    ],
)
def test_bad_arguments_are_refused(options: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        HamburgerResNet18(**options)
