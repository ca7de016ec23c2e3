"""What the networks are assembled from; built from layers."""

from srs_monai.networks.blocks.blam import BLAM
from srs_monai.networks.blocks.cbam_residual import CBAMResidual, ResidualNode
from srs_monai.networks.blocks.ipatr import IPATR
from srs_monai.networks.blocks.sdi import SDI
from srs_monai.networks.blocks.subpixel import UpShuffle

__all__ = ["BLAM", "IPATR", "SDI", "CBAMResidual", "ResidualNode", "UpShuffle"]
