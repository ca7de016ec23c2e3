"""Operators: tensors in, tensors out, nothing above them known."""

from srs_monai.networks.layers.attention import ChannelAttention, SpatialAttention
from srs_monai.networks.layers.convolve import conv_per_sample, conv_same
from srs_monai.networks.layers.dpconv import DPConv
from srs_monai.networks.layers.eca import ECA

__all__ = ["ECA", "ChannelAttention", "DPConv", "SpatialAttention", "conv_per_sample", "conv_same"]
