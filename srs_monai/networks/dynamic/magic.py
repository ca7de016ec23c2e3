"""MAGIC: a mixture of kernels with an attention over channels, positions and the whole map."""

import torch
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.dynamic.kernel_attention import BatchNormOfVectors, Tempered, he_normal_convolutions
from srs_monai.networks.dynamic.kernel_bank import KernelBank, he_uniform_bank
from srs_monai.networks.layers.conv_arguments import Size


class MAGICConv(Tempered, KernelBank):
    """Multi-dimensional aggregation dynamic convolution: y = conv(x; sum_k a_k W_k).

    The sum of three summaries of the input gives one logit b_k for each kernel: the mean of each channel; a global
    context (a non-local weighted mean through a bottleneck); and the spatial mean of the mean and the maximum over
    channels. The kernel recalculation r(b), a bottleneck over the K logits, weights them once more:
    a = softmax(r(b) b / temperature).

    With K = 1, the release's default, the softmax has one value. The layer is then exactly a static convolution, and
    its attention receives no gradient.

    Args:
        in_channels: I, even and above `reduction`.
        out_channels, kernel_size, stride, padding, dilation, groups, bias: as in `torch.nn.Conv2d`; the biases form a
            bank, which is mixed like the kernels; off by default, as released.
        num_kernels: number of kernels K.
        temperature: above 0; at 30, as released, the weights stay near 1 / K;
            `srs_monai.training.LowerTemperature` lowers it during training.
        reduction: input channels for each hidden channel of the attention.
        recalculate_after_softmax: a = r(b) softmax(b / temperature), as in eq. (10) of the article; the sum
            of the weights then differs from 1. The release recalculates before the softmax.
        spatial_dims: 2 or 3.

    Shapes: (B, I, ...) gives (B, O, ...), as a convolution does.

    Raises:
        ValueError: as in `KernelBank`, and for in_channels that are odd or not above `reduction`, or a temperature that
            is not above 0.

    Source: MAGIC, as released; values equal those of that code. Unlike that code, this layer trains with a batch of
    one.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size = 3,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = False,
        *,
        num_kernels: int = 1,
        temperature: float = 30.0,
        reduction: int = 8,
        recalculate_after_softmax: bool = False,
        spatial_dims: int = 2,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            num_kernels=num_kernels,
            spatial_dims=spatial_dims,
        )
        if in_channels % 2 or reduction < 1 or in_channels <= reduction:
            raise ValueError(
                f"MAGICConv needs an even number of in_channels above its reduction, got {in_channels} and reduction "
                f"{reduction}; change one of them"
            )
        self.set_first_temperature(temperature)
        self.recalculate_after_softmax = recalculate_after_softmax
        self.route = MAGICAttention(in_channels, num_kernels, reduction, spatial_dims)
        self.recalculate = KernelRecalculation(num_kernels, spatial_dims) if num_kernels > 1 else None
        he_uniform_bank(self)
        he_normal_convolutions(self.route)
        if self.recalculate is not None:
            he_normal_convolutions(self.recalculate)

    def attention(self, x: Tensor) -> Tensor:
        """The weights (B, K) of the kernels."""
        logits: Tensor = self.route(x)
        if self.recalculate is None:
            return (logits.flatten(1) / self.temperature).softmax(1)
        recalculated = self.recalculate(logits).flatten(1)
        logits = logits.flatten(1)
        if self.recalculate_after_softmax:
            after: Tensor = recalculated * (logits / self.temperature).softmax(1)
            return after
        before: Tensor = (recalculated * logits / self.temperature).softmax(1)
        return before

    def forward(self, x: Tensor) -> Tensor:
        return self.mixture(x, self.attention(x))


class MAGICAttention(nn.Module):
    """The logits (B, K, 1, ...) of the kernels from three summaries of the input (B, C, ...)."""

    def __init__(self, channels: int, num_kernels: int, reduction: int, spatial_dims: int) -> None:
        super().__init__()
        layer = Conv[Conv.CONV, spatial_dims]
        self.mask = layer(channels, 1, 1)
        self.context = nn.Sequential(
            layer(channels, channels // 2, 1),
            nn.LayerNorm([channels // 2] + [1] * spatial_dims),
            nn.GELU(),
            layer(channels // 2, channels, 1),
        )
        self.to_logits = nn.Sequential(
            layer(channels, channels // reduction, 1, bias=False),
            nn.ReLU(),
            layer(channels // reduction, num_kernels, 1, bias=False),
        )
        self.space = tuple(range(2, 2 + spatial_dims))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(self.space, keepdim=True)  # (B, C, 1, ...)
        positions = self.mask(x).flatten(2).softmax(-1)  # (B, 1, N)
        looked_at = (x.flatten(2) @ positions.transpose(1, 2)).reshape(mean.shape)
        overall = mean.mean(1, keepdim=True)
        peak = x.amax(1, keepdim=True).mean(self.space, keepdim=True)
        spatial = torch.cat([overall, peak], dim=1).repeat(1, x.shape[1] // 2, *[1] * len(self.space))
        logits: Tensor = self.to_logits(mean + self.context(looked_at) + spatial)
        return logits


class KernelRecalculation(nn.Module):
    """A factor between 0 and 1 for each of the K logits, computed from all logits."""

    def __init__(self, num_kernels: int, spatial_dims: int) -> None:
        super().__init__()
        layer = Conv[Conv.CONV, spatial_dims]
        self.squeeze = layer(num_kernels, num_kernels // 2, 1, bias=False)
        self.norm = BatchNormOfVectors(num_kernels // 2)
        self.expand = layer(num_kernels // 2, num_kernels, 1, bias=False)

    def forward(self, logits: Tensor) -> Tensor:
        return torch.sigmoid(self.expand(torch.relu(self.norm(self.squeeze(logits)))))
