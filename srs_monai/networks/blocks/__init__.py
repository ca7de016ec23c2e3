"""Blocks of the networks, built from layers."""

from srs_monai.networks.blocks.cbam_residual import CBAMResidual, ResidualNode
from srs_monai.networks.blocks.row_fusion import BLAM, IPATR, UpShuffle
from srs_monai.networks.blocks.sdi import SDI

__all__ = ["BLAM", "IPATR", "SDI", "CBAMResidual", "ResidualNode", "UpShuffle"]
