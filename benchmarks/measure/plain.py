"""The network as it is first written down: what makes the package's own blocks faster is left out."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks.blocks import CBAMResidual
from srs_monai.networks.layers.attention import ChannelAttention, SpatialAttention
from srs_monai.networks.layers.eca import ECA


def plain_attention(network: nn.Module) -> nn.Module:
    """Have the attention of a network for pictures computed operation by operation, with PyTorch's own gradients.

    The network is changed and given back.
    """
    for part in network.modules():
        for kind, forward in _PLAIN.items():
            if type(part) is kind:
                part.forward = partial(forward, part)
    return network


def _residual(block: Any, x: Tensor) -> Tensor:
    y = F.relu(block.norm1(block.conv1(x)))
    y = block.norm2(block.conv2(y))
    y = block.channel_attention(y) * y
    y = block.spatial_attention(y) * y
    return F.relu(y + block.shortcut(x))


def _by_channel(layer: Any, x: Tensor) -> Tensor:
    average = F.relu(layer.fc1(x.mean((2, 3), keepdim=True)))
    largest = F.relu(layer.fc1(x.amax((2, 3), keepdim=True)))
    return torch.sigmoid(layer.fc2(average + largest))


def _by_position(layer: Any, x: Tensor) -> Tensor:
    return torch.sigmoid(layer.conv(torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], dim=1)))


def _eca(layer: Any, x: Tensor) -> Tensor:
    largest = torch.sigmoid(x.amax((2, 3)))
    weights = torch.sigmoid(layer.conv(largest.unsqueeze(1))).transpose(1, 2)
    return x * weights.unsqueeze(-1)


_PLAIN: dict[type[nn.Module], Callable[[Any, Tensor], Tensor]] = {
    CBAMResidual: _residual,
    ChannelAttention: _by_channel,
    SpatialAttention: _by_position,
    ECA: _eca,
}
