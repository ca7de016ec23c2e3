"""The dynamic convolutions, each a drop-in for a static one, under one table of names."""

from srs_monai.networks.dynamic.condconv import CondConv as CondConv
from srs_monai.networks.dynamic.dcd import DCDConv as DCDConv
from srs_monai.networks.dynamic.ddconv import DDConv as DDConv
from srs_monai.networks.dynamic.dyconv import DyConv as DyConv
from srs_monai.networks.dynamic.magic import MAGICConv as MAGICConv
from srs_monai.networks.dynamic.odconv import ODConv as ODConv
from srs_monai.networks.dynamic.replace import replace_convs as replace_convs
from srs_monai.networks.dynamic.scconv import ScConv as ScConv
from srs_monai.networks.dynamic.table import DYNAMIC_CONVS as DYNAMIC_CONVS
from srs_monai.networks.dynamic.table import dynamic_conv as dynamic_conv
