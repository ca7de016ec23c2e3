"""Names of our parts of SRSNet in the authors' released code."""

from monai.networks.blocks import Convolution
from torch import nn

from srs_monai.interop.dynamic_names import dynamic_names
from srs_monai.interop.unet_v2_names import unet_v2_names, unet_v2_unused
from srs_monai.networks import BLAM, IPATR, CBAMResidual, DPConv, ReconstructionNet, SegmentationNet, SpatialAttention
from srs_monai.networks.layers.dpconv import GuideGate
from srs_monai.networks.nets.dense_nested import DenseNestedDecoder, DenseNestedEncoder

# For each of our modules: our name of a child -> its original name, or "" if the original has no such step. A child
# without an entry has the same name. The original always has four levels; our level i is its row i.
NAMES: dict[type[nn.Module], dict[str, str]] = {
    Convolution: {"conv": "0", "adn.N": "1"},
    SpatialAttention: {"conv": "conv1"},
    CBAMResidual: {
        "norm1": "bn1",
        "conv2": "CONV",
        "norm2": "bn2",
        "channel_attention": "ca",
        "spatial_attention": "sa",
    },
    IPATR: {"patches.0": "conv1", "patches.1": "conv2", "patches.2": "conv3"},
    BLAM: {
        "refine.0.conv": "conv1",
        "refine.0.adn.N": "bn3",
        "refine.1.conv": "conv2",
        "refine.1.adn.N": "bn4",
        "eca": "ECALayer",
        "fuse": "finalconv",
    },
    GuideGate: {"channel_attention": "ca", "spatial_attention": "sa"},
    DPConv: {"gate": "", "mix": "Conv.0", "to_kernel": "Conv.2"},
    DenseNestedEncoder: {"stem": "conv1"} | {f"stages.{i}": f"conv{i}_0" for i in range(4)},
    DenseNestedDecoder: {f"nodes.{i}_{j}": f"conv{i}_{j}" for j in (1, 2, 3) for i in range(4 - j)}
    | {f"fusions.{2 - i}.contrast": f"IPATR{i}" for i in range(3)}
    | {f"fusions.{2 - i}.enlarge": f"fup{i + 1}" for i in range(3)}
    | {f"fusions.{2 - i}.blam": f"bottomuplocal_fpn_{i + 1}" for i in range(3)}
    | {"project.0": "conv0_1_1x1", "project.1": "conv0_2_1x1", "blend": "finalconv.0", "head": "mask_head_1x1"},
    ReconstructionNet: {"encoder": "", "decoder": ""},
    SegmentationNet: {"encoder": "", "decoder": "", "dpconv": "PKernel_D2"},
}

# Parts that the original declares and never uses; they are in its checkpoints, not in ours.
UNUSED: dict[type[nn.Module], tuple[str, ...]] = {
    IPATR: ("tr", "tr_1"),
    BLAM: ("bn1", "bn2"),
    ReconstructionNet: ("conv0_3_1x1",),
    SegmentationNet: ("conv0_3_1x1", "IPATR0", "IPATR1", "IPATR2"),
}


def original_name(module: nn.Module, name: str) -> str:
    """The original name of the part or state entry `name` of a module."""
    for ours, theirs in _names(module).items():
        if name == ours or name.startswith(ours + "."):
            return _join(theirs, original_name(module.get_submodule(ours), name[len(ours) + 1 :]))
    child, _, rest = name.partition(".")
    return _join(child, original_name(module.get_submodule(child), rest)) if rest else name


def _names(module: nn.Module) -> dict[str, str]:
    return NAMES.get(type(module)) or dynamic_names(module) or unet_v2_names(module)


def unused_names(module: nn.Module) -> list[str]:
    """The original names of the parts that the original declares inside a module and never uses."""
    return [
        _join(original_name(module, path) if path else "", name)
        for path, part in module.named_modules()
        for name in UNUSED.get(type(part)) or unet_v2_unused(part)
    ]


def _join(*names: str) -> str:
    return ".".join(name for name in names if name)
