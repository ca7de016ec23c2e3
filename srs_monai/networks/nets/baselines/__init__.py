"""Networks of the literature for comparison, one in each file. They start from random weights."""

from srs_monai.networks.nets.baselines.hamburger import HamburgerResNet18
from srs_monai.networks.nets.baselines.transfuse import TransFuse
from srs_monai.networks.nets.baselines.transunet import TransUNet

__all__ = ["HamburgerResNet18", "TransFuse", "TransUNet"]
