"""Whole networks, built from blocks."""

from srs_monai.networks.nets.pvt_v2 import PVTv2
from srs_monai.networks.nets.srsnet import ReconstructionNet, SegmentationNet, SRSNet
from srs_monai.networks.nets.unet_v2 import UNetV2

__all__ = ["PVTv2", "ReconstructionNet", "SRSNet", "SegmentationNet", "UNetV2"]
