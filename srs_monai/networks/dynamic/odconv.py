"""ODConv: attention over all four dimensions of a kernel bank."""

import math

import torch
import torch.nn.functional as F
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.dynamic.kernel_attention import BatchNormOfVectors, Tempered, he_normal_convolutions
from srs_monai.networks.dynamic.kernel_bank import KernelBank
from srs_monai.networks.layers.conv_arguments import Size
from srs_monai.networks.layers.convolve import conv_samples


class ODConv(Tempered, KernelBank):
    """Omni-dimensional dynamic convolution: y = f * conv(c * x; sum_k a_k s W_k).

    Four attentions are computed from the averaged input: c for input channels, f for output channels, s for kernel
    positions (sigmoid), and a for kernels (softmax). An attention without a choice is left out: f for a depthwise
    convolution, s for a kernel with one position, a for a single kernel.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups: as in `torch.nn.Conv2d`.
        bias: add a static bias (O) to the result; the release has none.
        num_kernels: number of kernels K.
        temperature: above 0, for all four attentions.
        reduction: input channels for each hidden channel of the attention.
        min_hidden: least number of hidden channels.
        spatial_dims: 2 or 3.

    Shapes: (B, I, ...) gives (B, O, ...), as a convolution does.

    Raises:
        ValueError: as in `KernelBank`, and for a temperature that is not above 0 or a reduction below 1.

    Source: Li et al., ICLR 2022; values equal those of the authors' code (Apache-2.0). Unlike that code, this layer
        trains with a batch of one.
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
        num_kernels: int = 4,
        temperature: float = 1.0,
        reduction: int = 16,
        min_hidden: int = 16,
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
            mixed_bias=False,
        )
        if reduction < 1 or min_hidden < 1:
            raise ValueError(
                f"reduction and min_hidden of ODConv must be 1 or more, got reduction {reduction} and min_hidden "
                f"{min_hidden}; give 1 or more for both"
            )
        self.set_first_temperature(temperature)
        hidden = max(in_channels // reduction, min_hidden)
        positions = math.prod(self.kernel_size)
        depthwise = groups == in_channels == out_channels
        layer = Conv[Conv.CONV, spatial_dims]
        self.squeeze = nn.Sequential(layer(in_channels, hidden, 1, bias=False), BatchNormOfVectors(hidden), nn.ReLU())
        self.to_channels = layer(hidden, in_channels, 1)
        self.to_filters = None if depthwise else layer(hidden, out_channels, 1)
        self.to_positions = layer(hidden, positions, 1) if positions > 1 else None
        self.to_kernels = layer(hidden, num_kernels, 1) if num_kernels > 1 else None
        he_normal_convolutions(self)
        for kernel in self.weight:
            nn.init.kaiming_normal_(kernel, mode="fan_out", nonlinearity="relu")
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        hidden: Tensor = self.squeeze(x.mean(tuple(range(2, x.dim())), keepdim=True))
        seen = torch.sigmoid(self.to_channels(hidden) / self.temperature) * x
        kernel = self._kernel(hidden)
        y = conv_samples(seen, kernel, self.stride, self.padding, self.dilation, self.groups)
        if self.to_filters is not None:
            y = torch.sigmoid(self.to_filters(hidden) / self.temperature) * y
        return y if self.bias is None else y + self.bias.reshape(-1, *[1] * self.spatial_dims)

    def _kernel(self, hidden: Tensor) -> Tensor:
        """One kernel for each sample, (B, O, I / groups, K, ...)."""
        if self.to_kernels is None:
            kernel = self.weight.expand(len(hidden), *self.weight.shape[1:])
        else:
            weights = F.softmax(self.to_kernels(hidden).flatten(1) / self.temperature, dim=1)
            kernel = (weights @ self.weight.flatten(1)).unflatten(1, list(self.weight.shape[1:]))
        if self.to_positions is None:
            return kernel
        positions = torch.sigmoid(self.to_positions(hidden) / self.temperature)
        scaled: Tensor = kernel * positions.reshape(-1, 1, 1, *self.kernel_size)
        return scaled
