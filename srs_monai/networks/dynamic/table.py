"""The dynamic convolutions by name."""

from typing import Any

from torch import nn

from srs_monai.networks.dynamic.condconv import CondConv
from srs_monai.networks.dynamic.dcd import DCDConv
from srs_monai.networks.dynamic.ddconv import DDConv
from srs_monai.networks.dynamic.dyconv import DyConv
from srs_monai.networks.dynamic.magic import MAGICConv
from srs_monai.networks.dynamic.odconv import ODConv
from srs_monai.networks.dynamic.scconv import ScConv
from srs_monai.networks.messages import one_of

DYNAMIC_CONVS: dict[str, type[nn.Module]] = {
    "condconv": CondConv,
    "dyconv": DyConv,
    "odconv": ODConv,
    "scconv": ScConv,
    "dcd": DCDConv,
    "ddconv": DDConv,
    "magic": MAGICConv,
}


def dynamic_conv(
    name: str, in_channels: int, out_channels: int, kernel_size: int | tuple[int, ...] = 3, **options: Any
) -> nn.Module:
    """Build a dynamic convolution from the name that a configuration gives it.

    Args:
        name: one of `DYNAMIC_CONVS`.
        in_channels, out_channels, kernel_size, options: as the class of that name takes them.

    Raises:
        ValueError: for an unknown name, and as that class.
    """
    layer = DYNAMIC_CONVS[one_of(name, DYNAMIC_CONVS, "dynamic convolution")]
    return layer(in_channels, out_channels, kernel_size, **options)
