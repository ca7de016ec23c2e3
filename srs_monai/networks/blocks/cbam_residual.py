"""The residual block of the nested grid, and the grid node that consists of such blocks."""

import torch
import torch.nn.functional as F
from monai.networks.layers.factories import Conv, Norm
from torch import Tensor, nn
from torch.overrides import has_torch_function_unary

from srs_monai.networks.layers.attention import ChannelAttention, SpatialAttention
from srs_monai.networks.layers.fused_attention import fused_attention


class CBAMResidual(nn.Module):
    """Two 3x3 convolutions. Their result is weighted by channel, then by position, and added to the shortcut.

    Args:
        in_channels, out_channels: if they are equal, the shortcut is the identity, else a 1x1 convolution and a norm.
        spatial_dims: 2 or 3.

    Shapes: (B, in_channels, H, W[, D]) gives (B, out_channels, H, W[, D]).

    Source: CBAM, ECCV 2018, as in the released SRSNet.
    """

    def __init__(self, in_channels: int, out_channels: int, *, spatial_dims: int = 2) -> None:
        super().__init__()
        conv, norm = Conv[Conv.CONV, spatial_dims], Norm[Norm.BATCH, spatial_dims]
        self.conv1 = conv(in_channels, out_channels, 3, padding=1)
        self.norm1 = norm(out_channels)
        self.conv2 = conv(out_channels, out_channels, 3, padding=1)
        self.norm2 = norm(out_channels)
        self.channel_attention = ChannelAttention(out_channels, spatial_dims=spatial_dims)
        self.spatial_attention = SpatialAttention(spatial_dims=spatial_dims)
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.shortcut = nn.Sequential(conv(in_channels, out_channels, 1), norm(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        # in place saves memory traffic; but a MetaTensor's values are views, whose gradients PyTorch would copy
        in_place = not has_torch_function_unary(x)
        y = F.relu(self.norm1(self.conv1(x)), inplace=in_place)
        y = self.norm2(self.conv2(y))
        if torch.jit.is_scripting():  # type: ignore[attr-defined]
            y = self.channel_attention(y) * y
            y = self.spatial_attention(y) * y
        else:
            y = fused_attention(y, self.channel_attention, self.spatial_attention)
        shortcut = self.shortcut(x)
        y = y.add_(shortcut) if in_place else (y + shortcut).to(y.dtype)
        return F.relu(y, inplace=in_place)


class ResidualNode(nn.Sequential):
    """A node of the grid: its input maps are concatenated and pass through a chain of residual blocks.

    Args:
        in_channels: sum over all input maps.
        out_channels: channels of the result of each block.
        blocks: number of blocks.
        spatial_dims: 2 or 3.

    Shapes: a list of maps (B, ., H, W[, D]) gives (B, out_channels, H, W[, D]).
    """

    def __init__(self, in_channels: int, out_channels: int, blocks: int, *, spatial_dims: int = 2) -> None:
        widths = [in_channels] + [out_channels] * (blocks - 1)
        super().__init__(*(CBAMResidual(width, out_channels, spatial_dims=spatial_dims) for width in widths))

    def forward(self, links: list[Tensor]) -> Tensor:
        x = links[0] if len(links) == 1 else torch.cat(links, dim=1)
        for block in self:
            x = block(x)
        return x
