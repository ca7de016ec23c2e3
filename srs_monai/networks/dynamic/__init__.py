"""The dynamic convolutions. Each can replace a static one; one table holds their names."""

from srs_monai.networks.dynamic.condconv import CondConv
from srs_monai.networks.dynamic.dcd import DCDConv
from srs_monai.networks.dynamic.ddconv import DDConv
from srs_monai.networks.dynamic.dyconv import DyConv
from srs_monai.networks.dynamic.magic import MAGICConv
from srs_monai.networks.dynamic.named_convolutions import DYNAMIC_CONVS, dynamic_conv
from srs_monai.networks.dynamic.odconv import ODConv
from srs_monai.networks.dynamic.replace import replace_convs
from srs_monai.networks.dynamic.scconv import ScConv

__all__ = [
    "DYNAMIC_CONVS",
    "CondConv",
    "DCDConv",
    "DDConv",
    "DyConv",
    "MAGICConv",
    "ODConv",
    "ScConv",
    "dynamic_conv",
    "replace_convs",
]
