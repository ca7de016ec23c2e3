"""The dynamic convolutions by name."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from srs_monai.networks.dynamic.condconv import CondConv
from srs_monai.networks.dynamic.dcd import DCDConv
from srs_monai.networks.dynamic.ddconv import DDConv
from srs_monai.networks.dynamic.dyconv import DyConv
from srs_monai.networks.dynamic.magic import MAGICConv
from srs_monai.networks.dynamic.odconv import ODConv
from srs_monai.networks.dynamic.scconv import ScConv
from srs_monai.networks.layers.dpconv import DPConv
from srs_monai.text import one_of

DYNAMIC_CONVS: dict[str, type[nn.Module]] = {
    "condconv": CondConv,
    "dyconv": DyConv,
    "odconv": ODConv,
    "scconv": ScConv,
    "dcd": DCDConv,
    "ddconv": DDConv,
    "magic": MAGICConv,
}


#: all named convolutions; "dpconv" also needs a guide, so it cannot replace a static convolution
CONVOLUTIONS: dict[str, type[nn.Module]] = {"dpconv": DPConv, **DYNAMIC_CONVS}


def dynamic_conv(
    name: str,
    in_channels: int,
    out_channels: int,
    kernel_size: int | Sequence[int] = 3,
    *arguments: Any,
    **options: Any,
) -> nn.Module:
    """Build a dynamic convolution from its name in a configuration.

    Args:
        name: one of `DYNAMIC_CONVS`, or "dpconv".
        in_channels, out_channels, kernel_size, arguments, options: passed to the class of that name.

    Raises:
        ValueError: for an unknown name, and as the class raises it.
    """
    layer = CONVOLUTIONS[one_of(name, CONVOLUTIONS, "dynamic convolution")]
    return layer(in_channels, out_channels, kernel_size, *arguments, **options)
