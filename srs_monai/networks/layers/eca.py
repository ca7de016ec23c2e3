"""Channel attention by a short convolution along the channel axis."""

import torch
from torch import Tensor, nn

from srs_monai.networks.layers.max_pooling import peak_over_space


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
        largest = torch.sigmoid(peak_over_space(x)).flatten(1)  # (B, C); the sigmoid rises: the peak comes before it
        weights = torch.sigmoid(self.conv(largest.unsqueeze(1))).transpose(1, 2)  # (B, C, 1)
        return x * (weights.unsqueeze(-1) if x.dim() == 4 else weights.unsqueeze(-1).unsqueeze(-1))
