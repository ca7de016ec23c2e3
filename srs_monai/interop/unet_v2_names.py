"""Names of our parts of U-Net v2, and of the PVTv2 encoder from transformers, in the U-Net v2 release."""

from collections.abc import Mapping

from torch import Tensor, nn

from srs_monai.networks.nets.pvt_v2 import PVTv2
from srs_monai.networks.nets.unet_v2 import LEVELS, UNetV2

# by class name, because transformers is optional
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
    """Our name of a child -> its name in the release; empty for any other module."""
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
    """Parts that the release declares and never uses, including the classifier of a pretrained encoder."""
    if isinstance(module, PVTv2):
        return ("head",)
    if not isinstance(module, UNetV2):
        return ()
    return ("deconv5", *(f"seg_outs.{i}" for i in range(LEVELS - len(module.heads))))


def split_keys_and_values(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict with separate linear layers for keys and values of attention, which the release joins in one."""
    split: dict[str, Tensor] = {}
    for name, value in state.items():
        layer, _, kind = name.rpartition(".")
        if layer.endswith("attn.kv") or layer == "kv":
            half = len(value) // 2
            split |= {f"{layer}/key.{kind}": value[:half], f"{layer}/value.{kind}": value[half:]}
        else:
            split[name] = value
    return split
