"""Attention over channels and over positions: weights in (0, 1) for a feature."""

import torch
import torch.nn.functional as F
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.layers.max_pooling import max_over_channels, max_over_space


class ChannelAttention(nn.Module):
    """One weight per channel, from the mean and the maximum of the channel over space.

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
        """The weights from the mean and the maximum of each channel, all (B, C, 1, 1[, 1])."""
        hidden = F.relu(self.fc1(average)) + F.relu(self.fc1(largest))  # (B, hidden, 1, 1)
        return torch.sigmoid(self.fc2(hidden))  # fc2 has no bias, so one call on the sum is enough


class SpatialAttention(nn.Module):
    """One weight per position, from the mean and the maximum over channels.

    Args:
        kernel_size: side of the convolution over the two maps, in pixels, odd.
        spatial_dims: 2 or 3.

    Shapes: (B, C, H, W[, D]) gives the weights (B, 1, H, W[, D]); multiply the feature by them.

    Source: CBAM, ECCV 2018.
    """

    def __init__(self, kernel_size: int = 7, *, spatial_dims: int = 2) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, to keep the size of the map, got {kernel_size}; make it odd")
        self.conv = Conv[Conv.CONV, spatial_dims](2, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.weights(torch.cat([x.mean(1, keepdim=True), max_over_channels(x)], dim=1))

    def weights(self, summary: Tensor) -> Tensor:
        """The weights from the mean and the maximum at every position, (B, 2, H, W[, D])."""
        return torch.sigmoid(self.conv(summary))


class ECA(nn.Module):
    """Weight every channel by the sigmoid of its maximum and of its neighbours' maxima, in channel order.

    The published ECA takes the mean over space. This layer takes the maximum of the sigmoid, as SRSNet's authors
    do. It supports any number of channels.

    Args:
        kernel_size: number of neighbouring channels that decide a weight, odd.
        spatial_dims: 2 or 3.

    Shapes: (B, C, H, W[, D]) gives the weighted feature of the same shape.

    Source: ECA-Net, CVPR 2020, as in the released SRSNet.
    """

    def __init__(self, kernel_size: int = 3, *, spatial_dims: int = 2) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size must be odd, to give every channel one weight, got {kernel_size}; make it odd"
            )
        self.conv = nn.Conv1d(1, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        largest = torch.sigmoid(max_over_space(x)).flatten(1)  # (B, C); the order is free: sigmoid rises
        weights = torch.sigmoid(self.conv(largest.unsqueeze(1))).transpose(1, 2)  # (B, C, 1)
        return x * (weights.unsqueeze(-1) if x.dim() == 4 else weights.unsqueeze(-1).unsqueeze(-1))
