"""Whole networks, built from blocks."""

from srs_monai.networks.nets.baselines import HamburgerResNet18, TransFuse, TransUNet
from srs_monai.networks.nets.guided_net import ReconstructionNet
from srs_monai.networks.nets.pvt_v2 import PVTv2
from srs_monai.networks.nets.srsnet import SegmentationNet, SRSNet
from srs_monai.networks.nets.srsnet_pretrained import SRSNetPretrained
from srs_monai.networks.nets.unet_v2 import UNetV2

__all__ = [
    "HamburgerResNet18",
    "PVTv2",
    "ReconstructionNet",
    "SRSNet",
    "SRSNetPretrained",
    "SegmentationNet",
    "TransFuse",
    "TransUNet",
    "UNetV2",
]
