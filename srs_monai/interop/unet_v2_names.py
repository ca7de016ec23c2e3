"""What the U-Net v2 release calls the parts of our network, and of the PVTv2 encoder that transformers provides."""

from collections.abc import Mapping

from torch import Tensor, nn

from srs_monai.networks.nets.pvt_v2 import PVTv2
from srs_monai.networks.nets.unet_v2 import LEVELS, UNetV2

# by class name: transformers is not installed everywhere
_ENCODER_NAMES: dict[str, dict[str, str]] = {
    "PvtV2Backbone": {
        f"encoder.layers.{i}.{ours}": f"{theirs}{i + 1}"
        for i in range(LEVELS)
        for ours, theirs in (("patch_embedding", "patch_embed"), ("blocks", "block"), ("layer_norm", "norm"))
    },
    "PvtV2OverlapPatchEmbeddings": {"layer_norm": "norm"},
    "PvtV2BlockLayer": {"layer_norm_1": "norm1", "attention": "attn", "layer_norm_2": "norm2"},
    "PvtV2SelfAttention": {
        "query": "q",
        "key": "kv/key",
        "value": "kv/value",
        "spatial_reduction": "sr",
        "layer_norm": "norm",
    },
    "PvtV2ConvFeedForwardNetwork": {"dense1": "fc1", "dense2": "fc2"},
}


def unet_v2_names(module: nn.Module) -> dict[str, str]:
    """Child as we name it -> as the release does; nothing for any other module."""
    if isinstance(module, PVTv2):
        return {"backbone": ""}
    if not isinstance(module, UNetV2):
        return _ENCODER_NAMES.get(type(module).__name__, {})
    names = {"encoder": "encoder.backbone"}
    for i in range(LEVELS):
        names |= {
            f"skips.{i}.channel_attention": f"ca_{i + 1}",
            f"skips.{i}.spatial_attention": f"sa_{i + 1}",
            f"skips.{i}.reduce.0": f"Translayer_{i + 1}.conv",
            f"skips.{i}.reduce.1": f"Translayer_{i + 1}.bn",
            f"skips.{i}.reduce": f"Translayer_{i + 1}",
            f"fusions.{i}": f"sdi_{i + 1}",
            f"enlarge.{i}": f"deconv{i + 2}",
            f"heads.{i}": f"seg_outs.{LEVELS - 1 - i}",
        }
    return names


def unet_v2_unused(module: nn.Module) -> tuple[str, ...]:
    """What the release declares beside them and never calls; the classifier of a pretrained encoder counts too."""
    if isinstance(module, PVTv2):
        return ("head",)
    if not isinstance(module, UNetV2):
        return ()
    return ("deconv5", *(f"seg_outs.{i}" for i in range(LEVELS - len(module.heads))))


def split_keys_and_values(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict in which keys and values of attention are two linear layers, as here, and not one, as there."""
    split: dict[str, Tensor] = {}
    for name, value in state.items():
        layer, _, kind = name.rpartition(".")
        if layer.endswith("attn.kv") or layer == "kv":
            half = len(value) // 2
            split |= {f"{layer}/key.{kind}": value[:half], f"{layer}/value.{kind}": value[half:]}
        else:
            split[name] = value
    return split
