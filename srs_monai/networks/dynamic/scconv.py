"""ScConv: spatial and channel reconstruction with static kernels and dynamic gates."""

from typing import ClassVar

import torch
import torch.nn.functional as F
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.layers.conv_arguments import Size, keeping_padding, sizes


class ScConv(nn.Module):
    """Spatial and channel reconstruction convolution, which keeps the shape of its input.

    The spatial unit splits the input into an informative and a less informative part, by the scale of a group norm, and
    crosses both parts over. The channel unit applies a rich convolution to one half of the channels and a cheap one to
    the other, and adds both results, weighted by a softmax over their means. The kernels are static; the gates depend
    on the sample.

    Args:
        in_channels, out_channels: C, equal, in multiples of 4 and of `norm_groups`.
        kernel_size: kernel of the rich half, odd.
        stride, dilation: must be 1; they are named as in `torch.nn.Conv2d`.
        padding: the padding that keeps the size, or "same", the default.
        groups: groups of the rich half's convolution; must divide C / 4.
        bias: add a bias to that convolution.
        norm_groups: groups of the group norm.
        gate: between 0 and 1; values with a greater strength count as informative.
        spatial_dims: 2 or 3.

    Shapes: (B, C, ...) gives (B, C, ...).

    Raises:
        ValueError: if an argument is outside its range above.

    Source: Li et al., CVPR 2023; values equal those of the public unofficial code.
    """

    DIMENSIONS: ClassVar[tuple[int, ...]] = (2, 3)

    def __init__(
        self,
        in_channels: int,
        out_channels: int | None = None,
        kernel_size: Size = 3,
        stride: Size = 1,
        padding: Size | str = "same",
        dilation: Size = 1,
        groups: int = 2,
        bias: bool = True,
        *,
        norm_groups: int = 4,
        gate: float = 0.5,
        spatial_dims: int = 2,
    ) -> None:
        super().__init__()
        channels = in_channels
        if spatial_dims not in (2, 3):
            raise ValueError(f"ScConv supports 2 or 3 spatial dimensions, got {spatial_dims}; choose one of them")
        kernel, steps, spread = (
            sizes(value, spatial_dims, name)
            for value, name in ((kernel_size, "kernel_size"), (stride, "stride"), (dilation, "dilation"))
        )
        if out_channels not in (None, channels) or max(steps) > 1 or max(spread) > 1:
            raise ValueError(
                f"ScConv keeps the shape of its input, got {channels} channels in, {out_channels} out, stride {stride} "
                f"and dilation {dilation}; make the channels equal, and stride and dilation 1"
            )
        keeping = keeping_padding(padding, kernel, spread, "ScConv")
        if min(groups, norm_groups) < 1 or channels % 4 or channels % norm_groups or (channels // 4) % groups:
            raise ValueError(
                f"channels of ScConv must be multiples of 4 and of {norm_groups} norm groups, and a quarter of them a "
                f"multiple of {groups} groups, got {channels} channels; change one of them"
            )
        if not 0 < gate < 1:
            raise ValueError(f"gate must be between 0 and 1, got {gate}; use 0.5, for example")
        layer = Conv[Conv.CONV, spatial_dims]
        half, quarter = channels // 2, channels // 4
        self.gate = gate
        self.norm = nn.GroupNorm(norm_groups, channels)
        self.squeeze_rich = layer(half, quarter, 1, bias=False)
        self.squeeze_cheap = layer(half, quarter, 1, bias=False)
        self.rich = layer(quarter, channels, kernel, padding=keeping, groups=groups, bias=bias)
        self.rich_pointwise = layer(quarter, channels, 1, bias=False)
        self.cheap = layer(quarter, channels - quarter, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self._channel_unit(self._spatial_unit(x))

    def _spatial_unit(self, x: Tensor) -> Tensor:
        share = (self.norm.weight / self.norm.weight.sum()).reshape(-1, *[1] * (x.dim() - 2))
        strength = torch.sigmoid(self.norm(x) * share)
        informative = strength > self.gate
        first, second = (torch.where(informative, strength.new_tensor(one), strength) * x for one in (1.0, 0.0))
        (a1, a2), (b1, b2) = first.chunk(2, 1), second.chunk(2, 1)
        return torch.cat([a1 + b2, a2 + b1], dim=1)

    def _channel_unit(self, x: Tensor) -> Tensor:
        upper, lower = x.chunk(2, 1)
        u, v = self.squeeze_rich(upper), self.squeeze_cheap(lower)
        both = torch.cat([self.rich(u) + self.rich_pointwise(u), self.cheap(v), v], dim=1)
        weights = F.softmax(both.mean(tuple(range(2, x.dim())), keepdim=True), dim=1)
        y1, y2 = (weights * both).chunk(2, 1)
        return y1 + y2
