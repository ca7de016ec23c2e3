"""DCD: a static convolution plus a dynamic part of low rank."""

from math import isqrt
from typing import ClassVar

import torch
import torch.nn.functional as F
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.layers.conv_arguments import Size, keeping_padding, sizes


class DCDConv(nn.Module):
    """Dynamic convolution decomposition: y = s(x) * conv(x; W) + P (I + Phi(x)) Q x.

    W is static. s(x), one factor for each output channel, and Phi(x), a d x d matrix that mixes d = int(sqrt(4 I))
    reduced channels, are computed from the means of the input's four quarters.

    Args:
        in_channels, out_channels, kernel_size, stride, dilation, groups: as in `torch.nn.Conv2d`; groups apply to W.
        padding: the padding that keeps the size at stride 1, since Q and W must see the same positions; or "same".
        bias: add a static bias; the release has none.
        spatial_dims: 2.

    Shapes: (B, I, H, W) gives (B, O, H / stride, W / stride), rounded up.

    Raises:
        ValueError: if an argument is outside its range above.

    Source: Li et al., ICLR 2021; values equal those of the 3 x 3 version in the authors' ResNets (MIT).
    """

    DIMENSIONS: ClassVar[tuple[int, ...]] = (2,)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size = 3,
        stride: Size = 1,
        padding: Size | str = "same",
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = False,
        *,
        spatial_dims: int = 2,
    ) -> None:
        super().__init__()
        if spatial_dims != 2:
            raise ValueError(f"DCDConv supports 2 spatial dimensions, got {spatial_dims}; use 2")
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"groups must divide the channels of DCDConv, {in_channels} in and {out_channels} out, got groups "
                f"{groups}; change groups or the channels"
            )
        kernel, steps, spread = (
            sizes(value, 2, name)
            for value, name in ((kernel_size, "kernel_size"), (stride, "stride"), (dilation, "dilation"))
        )
        keeping = keeping_padding(padding, kernel, spread, "DCDConv")
        rank = isqrt(4 * in_channels)
        hidden = max(4, max(4 * in_channels, rank * rank) // 16)
        layer = Conv[Conv.CONV, 2]
        self.conv = layer(in_channels, out_channels, kernel, steps, keeping, spread, groups, bias=False)
        self.reduce = layer(in_channels, rank, 1, steps, bias=False)
        self.expand = layer(rank, out_channels, 1, bias=False)
        self.norm_reduced = nn.BatchNorm2d(rank)
        self.norm_mixed = nn.BatchNorm1d(rank)
        self.squeeze = nn.Linear(4 * in_channels, hidden, bias=False)
        self.excite = nn.Linear(hidden, hidden, bias=False)
        self.to_mixing = nn.Linear(hidden, rank * rank, bias=False)
        self.to_scale = nn.Linear(hidden, out_channels, bias=False)
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        summary = self.squeeze(_quarters(x).flatten(1))
        summary = summary * _zero_to_two(self.excite(summary))
        scale = _zero_to_two(self.to_scale(summary))[..., None, None]
        reduced = self.norm_reduced(self.reduce(x))
        rank = reduced.shape[1]
        mixing = self.to_mixing(summary).unflatten(1, [rank, rank])
        mixed = self.norm_mixed(mixing @ reduced.flatten(2)).reshape(reduced.shape)
        y: Tensor = self.expand(reduced + mixed) + scale * self.conv(x)
        return y if self.bias is None else y + self.bias[:, None, None]

    def start_from(self, weight: Tensor, bias: Tensor | None) -> None:
        """Copy the values of a static convolution of the same sizes."""
        self.conv.weight.copy_(weight)
        if self.bias is not None and bias is not None:
            self.bias.copy_(bias)


def _quarters(x: Tensor) -> Tensor:
    """Adaptive average pooling to 2 x 2, in operations that every exporter supports for any size."""
    height, width = x.shape[2:]
    rows = [x[:, :, : (height + 1) // 2], x[:, :, height // 2 :]]
    means = [part.mean((2, 3)) for row in rows for part in (row[..., : (width + 1) // 2], row[..., width // 2 :])]
    return torch.stack(means, dim=-1)  # (B, C, 4)


def _zero_to_two(x: Tensor) -> Tensor:
    return F.relu6(x + 3) / 3
