"""A copy of a network for inference: what does not depend on the image is computed once."""

import copy
from itertools import pairwise
from typing import TypeVar

from monai.networks.blocks import Convolution
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

from srs_monai.networks.blocks.cbam_residual import CBAMResidual
from srs_monai.networks.layers.dpconv import DPConv
from srs_monai.networks.nets.srsnet import SRSNet

Network = TypeVar("Network", bound=nn.Module)


def fuse(network: Network) -> Network:
    """A copy for inference that gives the same logits with less work. The network itself stays unchanged.

    Batch norms are folded into the convolutions before them, in blocks that define this order. The kernels of DPConv's
    closed form are computed and joined once. Of an SRSNet's reconstruction network only the encoder remains, and
    `reconstruct` raises an error. Drifting statistics (`SRSNet(drifting_statistics=True)`) depend on the batch and
    stay. The copy is in eval mode, computes no gradients, and has a different state dict.

    Args:
        network: any network; parts that cannot be fused are copied.
    """
    fused = copy.deepcopy(network).eval().requires_grad_(False)
    for part in fused.modules():
        if isinstance(part, SRSNet) and part.reconstruction is not None:
            part.reconstruction.add_module("decoder", _NoDecoder())
        elif isinstance(part, DPConv):
            part.fix_kernels()
    for part in list(fused.modules()):
        _fold_norms(part)
    return fused


class _NoDecoder(nn.Module):
    """Stands in place of the reconstruction network's decoder."""

    def forward(self, levels: list[Tensor]) -> Tensor:
        raise ValueError(
            "a fused network has no decoder and cannot reconstruct; call reconstruct of the original network"
        )


def _fold_norms(part: nn.Module) -> None:
    """Fold the batch norms that this module applies directly after one of its convolutions."""
    if isinstance(part, CBAMResidual):
        _fold(part, "conv1", part, "norm1")
        _fold(part, "conv2", part, "norm2")
    elif isinstance(part, Convolution) and next(iter(getattr(part, "adn", nn.Identity())._modules), "") == "N":
        _fold(part, "conv", part.adn, "N")
    elif isinstance(part, nn.Sequential):
        names = list(part._modules)
        for before, after in pairwise(names):
            _fold(part, before, part, after)


def _fold(owner: nn.Module, conv_name: str, norm_owner: nn.Module, norm_name: str) -> None:
    conv, norm = getattr(owner, conv_name), getattr(norm_owner, norm_name)
    ordinary = isinstance(conv, nn.Conv2d | nn.Conv3d) and isinstance(norm, _BatchNorm)
    if ordinary and not norm.training and norm.running_mean is not None:
        setattr(owner, conv_name, fuse_conv_bn_eval(conv, norm))
        setattr(norm_owner, norm_name, nn.Identity())
