"""Networks and their layers: from tensors to tensors. The import adds our convolutions to MONAI's factory `Conv`."""

from srs_monai.networks.blocks import BLAM, IPATR, SDI, CBAMResidual, UpShuffle
from srs_monai.networks.dynamic import (
    DYNAMIC_CONVS,
    CondConv,
    DCDConv,
    DDConv,
    DyConv,
    MAGICConv,
    ODConv,
    ScConv,
    dynamic_conv,
    replace_convs,
)
from srs_monai.networks.factory import register_convolutions
from srs_monai.networks.layers import ECA, ChannelAttention, DPConv, SpatialAttention
from srs_monai.networks.nets import (
    HamburgerResNet18,
    PVTv2,
    ReconstructionNet,
    SegmentationNet,
    SRSNet,
    SRSNetPretrained,
    TransFuse,
    TransUNet,
    UNetV2,
)

__all__ = [
    "BLAM",
    "DYNAMIC_CONVS",
    "ECA",
    "IPATR",
    "SDI",
    "CBAMResidual",
    "ChannelAttention",
    "CondConv",
    "DCDConv",
    "DDConv",
    "DPConv",
    "DyConv",
    "HamburgerResNet18",
    "MAGICConv",
    "ODConv",
    "PVTv2",
    "ReconstructionNet",
    "SRSNet",
    "SRSNetPretrained",
    "ScConv",
    "SegmentationNet",
    "SpatialAttention",
    "TransFuse",
    "TransUNet",
    "UNetV2",
    "UpShuffle",
    "dynamic_conv",
    "replace_convs",
]

register_convolutions()
