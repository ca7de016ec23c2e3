"""The runtime with our own kernels: the costly parts of a network, run by compiled code."""

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
    """A copy of a network for inference in float32 on the CPU. Its 3x3 convolutions use Winograd's method.

    Args:
        network: an SRSNet for pictures, or a network that shares blocks with it; it may be fused already.

    Raises:
        ValueError: if no compiler can build the kernels.
    """
    return _replaced(fuse(network))


def _replaced(part: nn.Module) -> nn.Module:
    if isinstance(part, CBAMResidual) and _is_conv2d(part.conv1):
        return NativeNode([part])
    if isinstance(part, ResidualNode) and _is_conv2d(part[0].conv1):
        return NativeNode([block for block in part if isinstance(block, CBAMResidual)])
    if isinstance(part, DPConv) and part.form == "closed" and part.parts == 1 and len(part.kernel_shape) == 4:
        return NativeDPConv(part) if part.kernel_shape[2:] == [3, 3] else part
    if isinstance(part, Convolution) and _is_plain_3x3(part):
        return NativeConv3(part.conv.weight, part.conv.bias, rectify=True)
    for name, child in part.named_children():
        part.add_module(name, _replaced(child))
    return part


def _is_conv2d(conv: object) -> bool:
    return isinstance(conv, nn.Conv2d)


def _is_plain_3x3(part: Convolution) -> bool:
    """Whether it is a 3x3 convolution of stride 1 with a folded norm, followed by a rectifier."""
    conv, rest = part.conv, getattr(part, "adn", nn.Identity())
    if not _is_conv2d(conv) or conv.kernel_size != (3, 3) or conv.groups != 1:
        return False
    if (conv.stride, conv.padding, conv.dilation) != ((1, 1), (1, 1), (1, 1)):
        return False
    follow = [child for child in rest.children() if not isinstance(child, nn.Identity)]
    return len(follow) == 1 and isinstance(follow[0], nn.ReLU)


def build_native(request: BuildRequest) -> Runtime:
    """Our own kernels, compiled for this processor in a second. They always use float32."""
    keep_freed_memory()  # maps are allocated and freed for every image
    return Eager(accelerate(request.fused(channels_last=True)), "native", "float32", (1, 2), channels_last=True)


def lacks_compiler(device: torch.device) -> str:
    """Why the kernels cannot be compiled on this machine, and the way out; empty if they can."""
    return "" if cpp_compiler() else NO_COMPILER
