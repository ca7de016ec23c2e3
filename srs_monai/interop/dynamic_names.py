"""Names of our parts of dynamic convolutions in the original code."""

from torch import nn

from srs_monai.networks.dynamic import CondConv, DCDConv, DDConv, DyConv, MAGICConv, ODConv, ScConv
from srs_monai.networks.dynamic.ddconv import RoutedConv

DYNAMIC_NAMES: dict[type[nn.Module], dict[str, str]] = {
    CondConv: {"route": "attention.net"},
    DyConv: {"route": "attention.net"},
    ODConv: {
        "squeeze.0": "attention.fc",
        "squeeze.1": "attention.bn",
        "to_channels": "attention.channel_fc",
        "to_filters": "attention.filter_fc",
        "to_positions": "attention.spatial_fc",
        "to_kernels": "attention.kernel_fc",
    },
    MAGICConv: {
        "route.mask": "attention.conv_mask",
        "route.context": "attention.context_modeling",
        "route.to_logits": "attention.net",
        "recalculate.squeeze": "attention.fc",
        "recalculate.norm": "attention.BN_kennel",
        "recalculate.expand": "attention.kernel_fc",
    },
    ScConv: {
        "norm": "SRU.gn",
        "squeeze_rich": "CRU.squeeze1",
        "squeeze_cheap": "CRU.squeeze2",
        "rich_pointwise": "CRU.PWC1",
        "rich": "CRU.GWC",
        "cheap": "CRU.PWC2",
    },
    DCDConv: {
        "reduce": "q",
        "expand": "p",
        "norm_reduced": "bn1",
        "norm_mixed": "bn2",
        "squeeze": "fc.0",
        "excite": "fc.1.fc.0",
        "to_mixing": "fc_phi",
        "to_scale": "fc_scale",
    },
    DDConv: {"offsets": "p_conv"},
    RoutedConv: {"route": "_routing_fn.fc"},
}

# version "t34" of DyConv: its public code names both layers separately
DYCONV_T34_NAMES = {"route.0": "attention.fc1", "route.2": "attention.fc2"}


def dynamic_names(module: nn.Module) -> dict[str, str]:
    """Our name of a dynamic convolution's child -> its original name; empty for any other module."""
    if isinstance(module, DyConv) and module.version == "t34":
        return DYCONV_T34_NAMES
    return DYNAMIC_NAMES.get(type(module), {})
