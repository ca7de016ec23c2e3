"""Channel and spatial attention: maps in (0, 1) that tell where a feature matters."""

import torch
import torch.nn.functional as F
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.layers.max_pooling import max_over_channels, max_over_space


class ChannelAttention(nn.Module):
    """One weight per channel, from the channel's average and its peak over space.

    Args:
        channels: channels C of the feature.
        reduction: the shared hidden layer has max(C // reduction, 1) channels.
        spatial_dims: 2 or 3.

    Shapes: (B, C, H, W[, D]) gives the weights (B, C, 1, 1[, 1]); multiply the feature by them.

    Source: CBAM, ECCV 2018.
    """

    def __init__(self, channels: int, reduction: int = 8, *, spatial_dims: int = 2) -> None:
        super().__init__()
        conv = Conv[Conv.CONV, spatial_dims]
        hidden = max(channels // reduction, 1)
        self.space = list(range(2, 2 + spatial_dims))
        self.fc1 = conv(channels, hidden, 1, bias=False)
        self.fc2 = conv(hidden, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.weights(x.mean(self.space, keepdim=True), max_over_space(x))

    def weights(self, average: Tensor, largest: Tensor) -> Tensor:
        """The weights, from each channel's average and peak, all (B, C, 1, 1[, 1])."""
        hidden = F.relu(self.fc1(average)) + F.relu(self.fc1(largest))  # (B, hidden, 1, 1)
        return torch.sigmoid(self.fc2(hidden))  # fc2 has no bias: the sum may be taken before it


class SpatialAttention(nn.Module):
    """One weight per position, from the average and the peak over channels.

    Args:
        kernel_size: side of the convolution over the two maps, in pixels, odd.
        spatial_dims: 2 or 3.

    Shapes: (B, C, H, W[, D]) gives the weights (B, 1, H, W[, D]); multiply the feature by them.

    Source: CBAM, ECCV 2018.
    """

    def __init__(self, kernel_size: int = 7, *, spatial_dims: int = 2) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, so that the map keeps its size; got {kernel_size}")
        self.conv = Conv[Conv.CONV, spatial_dims](2, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.weights(torch.cat([x.mean(1, keepdim=True), max_over_channels(x)], dim=1))

    def weights(self, summary: Tensor) -> Tensor:
        """The weights, from the average and the peak at every position, (B, 2, H, W[, D])."""
        return torch.sigmoid(self.conv(summary))


class ECA(nn.Module):
    """Weight every channel by its squashed peak and those of its neighbours in channel order; any number of channels.

    The published ECA averages over space; SRSNet's authors take the peak of the sigmoid, and so does this layer.

    Args:
        kernel_size: neighbouring channels that decide together, odd.
        spatial_dims: 2 or 3.

    Shapes: (B, C, H, W[, D]) gives the weighted feature of the same shape.

    Source: ECA-Net, CVPR 2020, as in the released SRSNet.
    """

    def __init__(self, kernel_size: int = 3, *, spatial_dims: int = 2) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, so that every channel gets one weight; got {kernel_size}")
        self.conv = nn.Conv1d(1, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        largest = torch.sigmoid(max_over_space(x)).flatten(1)  # (B, C); the sigmoid rises: the peak comes before it
        weights = torch.sigmoid(self.conv(largest.unsqueeze(1))).transpose(1, 2)  # (B, C, 1)
        return x * (weights.unsqueeze(-1) if x.dim() == 4 else weights.unsqueeze(-1).unsqueeze(-1))
