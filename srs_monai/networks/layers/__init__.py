"""Operators on tensors; they import nothing from blocks or networks."""

from srs_monai.networks.layers.attention import ECA, ChannelAttention, SpatialAttention
from srs_monai.networks.layers.convolve import conv_per_sample, conv_same
from srs_monai.networks.layers.dpconv import DPConv
from srs_monai.networks.layers.nmf import NMF2D
from srs_monai.networks.layers.standardized_conv import StandardizedConv2d

__all__ = [
    "ECA",
    "NMF2D",
    "ChannelAttention",
    "DPConv",
    "SpatialAttention",
    "StandardizedConv2d",
    "conv_per_sample",
    "conv_same",
]
