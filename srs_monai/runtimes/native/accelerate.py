"""A network with its costly parts in our own kernels."""

import torch
from monai.networks.blocks import Convolution
from torch import nn

from srs_monai.device import keep_freed_memory
from srs_monai.environment import NO_COMPILER, cpp_compiler
from srs_monai.networks.blocks import CBAMResidual, ResidualNode
from srs_monai.networks.fuse import fuse
from srs_monai.networks.layers import DPConv
from srs_monai.runtimes.native.modules import NativeConv3, NativeDPConv, NativeNode
from srs_monai.runtimes.pytorch import Eager
from srs_monai.runtimes.runtime import BuildRequest, Runtime


def accelerate(network: nn.Module) -> nn.Module:
    """A copy of a network for inference on the CPU in float32 whose 3x3 convolutions run by Winograd's method.

    Args:
        network: an SRSNet for pictures; of others, whatever blocks they share with it. One that is fused already is
            taken as well.

    Raises:
        ValueError: where no compiler makes the kernels.
    """
    return _replaced(fuse(network))


def _replaced(part: nn.Module) -> nn.Module:
    if isinstance(part, CBAMResidual) and _is_flat(part.conv1):
        return NativeNode([part])
    if isinstance(part, ResidualNode) and _is_flat(part[0].conv1):
        return NativeNode([block for block in part if isinstance(block, CBAMResidual)])
    if isinstance(part, DPConv) and part.form == "closed" and part.parts == 1 and len(part.kernel_shape) == 4:
        return NativeDPConv(part) if part.kernel_shape[2:] == [3, 3] else part
    if isinstance(part, Convolution) and _is_plain_3x3(part):
        return NativeConv3(part.conv.weight, part.conv.bias, rectify=True)
    for name, child in part.named_children():
        part.add_module(name, _replaced(child))
    return part


def _is_flat(conv: object) -> bool:
    return isinstance(conv, nn.Conv2d)


def _is_plain_3x3(part: Convolution) -> bool:
    """Whether it is a 3x3 convolution of stride 1, its norm folded, and a rectifier."""
    conv, rest = part.conv, getattr(part, "adn", nn.Identity())
    if not _is_flat(conv) or conv.kernel_size != (3, 3) or conv.groups != 1:
        return False
    if (conv.stride, conv.padding, conv.dilation) != ((1, 1), (1, 1), (1, 1)):
        return False
    follow = [child for child in rest.children() if not isinstance(child, nn.Identity)]
    return len(follow) == 1 and isinstance(follow[0], nn.ReLU)


def build_native(request: BuildRequest) -> Runtime:
    """Our own kernels, compiled for this processor in a second; float32, also where a lower precision would do."""
    keep_freed_memory()  # its maps are made and freed with every image
    return Eager(accelerate(request.fused(channels_last=True)), "native", "float32", (1, 2), channels_last=True)


def lacks_compiler(device: torch.device) -> str:
    """Why the kernels cannot be compiled on this machine, and the way out; empty where they can."""
    return "" if cpp_compiler() else NO_COMPILER
