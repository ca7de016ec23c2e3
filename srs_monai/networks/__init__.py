"""Networks and their layers: tensors in, tensors out. Importing it adds "dpconv" to MONAI's layer factory `Conv`."""

from srs_monai.networks.blocks import BLAM, IPATR, CBAMResidual, UpShuffle
from srs_monai.networks.factory import register_convolutions
from srs_monai.networks.layers import ECA, ChannelAttention, DPConv, SpatialAttention
from srs_monai.networks.nets import ReconstructionNet, SegmentationNet, SRSNet

__all__ = [
    "BLAM",
    "ECA",
    "IPATR",
    "CBAMResidual",
    "ChannelAttention",
    "DPConv",
    "ReconstructionNet",
    "SRSNet",
    "SegmentationNet",
    "SpatialAttention",
    "UpShuffle",
]

register_convolutions()
