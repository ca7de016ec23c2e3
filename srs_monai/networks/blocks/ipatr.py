"""Attention by the contrast between a pixel and the patch around it."""

import torch
from monai.networks.layers.factories import Conv
from torch import Tensor, nn


class IPATR(nn.Module):
    """Strengthen what differs from its patch, as three convolutions of growing reach see the patch.

    Each convolution f estimates the patch m = f(x) and its spread s = sigmoid(f(x - m)); the contrast is (x - m) / s,
    guarded by epsilon on both sides. The sigmoid of the mean contrast weights x, and the weighted x is added to x.

    Args:
        channels: channels C of the feature.
        spatial_dims: 2 or 3.
        epsilon: guard of the quotient.

    Shapes: (B, C, H, W[, D]) gives (B, C, H, W[, D]).

    Source: SRSNet, IEEE TIP 2025, and its released code.
    """

    def __init__(self, channels: int, *, spatial_dims: int = 2, epsilon: float = 0.001) -> None:
        super().__init__()
        conv = Conv[Conv.CONV, spatial_dims]
        self.epsilon = epsilon
        self.patches = nn.ModuleList(
            [
                conv(channels, channels, 1),
                conv(channels, channels, 3, padding=1),
                conv(channels, channels, 3, padding=2, dilation=2),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        contrast = torch.zeros_like(x)
        for patch in self.patches:
            difference = x - patch(x)
            spread = torch.sigmoid(patch(difference))
            contrast = contrast + (difference + self.epsilon) / (spread + self.epsilon)
        return x + torch.sigmoid(contrast / len(self.patches)) * x
