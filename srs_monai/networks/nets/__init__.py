"""Whole networks, built from blocks."""

from srs_monai.networks.nets.srsnet import ReconstructionNet, SegmentationNet, SRSNet

__all__ = ["ReconstructionNet", "SRSNet", "SegmentationNet"]
