"""A bank of kernels, which dynamic convolutions mix for every sample and then apply."""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from srs_monai.networks.layers.conv_arguments import Size, same_padding, sizes
from srs_monai.networks.layers.convolve import conv, conv_samples, exporting

# Up to this number of positions, mixing the outputs of all kernels costs less than building a kernel for each sample:
# an output position costs one product for each kernel value, building a kernel value costs about sixty (measured on two
# CPU cores).
_SMALL_MAP = 64


class KernelBank(nn.Module):
    """K kernels of one convolution. Every sample is convolved with its own mixture of them.

    With weights a (B, K), the result is the convolution of sample b with the kernel sum_k a[b, k] W[k]. It is computed
    in this order, or as sum_k a[b, k] conv(x; W[k]), which is equal and cheaper for small maps.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups: as in `torch.nn.Conv2d`.
        bias: add a bias.
        num_kernels: number of kernels K, at least 1.
        spatial_dims: 2 or 3.
        mixed_bias: the biases form a bank (K, O), which is mixed like the kernels; otherwise one bias (O) serves all
            samples.

    Shapes: x (B, I, ...) and weights (B, K) give (B, O, ...), as a convolution does.

    Raises:
        ValueError: if groups do not divide the channels, or an argument is outside its range.
    """

    DIMENSIONS: ClassVar[tuple[int, ...]] = (2, 3)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size = 3,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        num_kernels: int = 4,
        spatial_dims: int = 2,
        mixed_bias: bool = True,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if spatial_dims not in (2, 3):
            raise ValueError(f"{name} supports 2 or 3 spatial dimensions, got {spatial_dims}; choose one of them")
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"groups must divide the channels of {name}, {in_channels} in and {out_channels} out, got groups "
                f"{groups}; change groups or the channels"
            )
        if num_kernels < 1:
            raise ValueError(f"{name} needs at least 1 kernel, got num_kernels {num_kernels}; give 1 or more")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.num_kernels, self.spatial_dims = num_kernels, spatial_dims
        self.kernel_size = sizes(kernel_size, spatial_dims, "kernel_size")
        self.stride = sizes(stride, spatial_dims, "stride")
        self.dilation = sizes(dilation, spatial_dims, "dilation")
        self.padding = same_padding(padding, self.kernel_size, self.stride, self.dilation)
        self.weight = nn.Parameter(torch.empty(num_kernels, out_channels, in_channels // groups, *self.kernel_size))
        self.bias: nn.Parameter | None = None
        if bias:
            self.bias = nn.Parameter(torch.empty(*([num_kernels] if mixed_bias else []), out_channels))

    def mixture(self, x: Tensor, weights: Tensor) -> Tensor:
        """The convolution of every sample of x with its own mixture of the kernels and biases."""
        places = [
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, p, d, k, s in zip(
                x.shape[2:], self.padding, self.dilation, self.kernel_size, self.stride, strict=True
            )
        ]
        if not exporting() and self.num_kernels > 1 and 0 < math.prod(places) <= _SMALL_MAP:
            y = self._mix_outputs(x, weights)
        else:
            y = self._mix_kernels(x, weights)
        if self.bias is None:
            return y
        bias = weights @ self.bias if self.bias.dim() == 2 else self.bias
        return y + bias.reshape(-1, self.out_channels, *[1] * self.spatial_dims)

    def _mix_kernels(self, x: Tensor, weights: Tensor) -> Tensor:
        kernel = (weights @ self.weight.flatten(1)).unflatten(1, list(self.weight.shape[1:]))
        return conv_samples(x, kernel, self.stride, self.padding, self.dilation, self.groups)

    def _mix_outputs(self, x: Tensor, weights: Tensor) -> Tensor:
        bank = self.weight.unflatten(1, [self.groups, -1]).transpose(0, 1)  # groups first, as in a convolution
        y = conv(x, bank.flatten(0, 2), self.stride, self.padding, self.dilation, self.groups)
        y = y.unflatten(1, [self.groups, self.num_kernels, -1])  # (B, G, K, O / G, ...)
        mixed: Tensor = torch.einsum("bk,bgko...->bgo...", weights, y)
        return mixed.flatten(1, 2)

    def start_from(self, weight: Tensor, bias: Tensor | None) -> None:
        """Copy the values of a static convolution of the same sizes into every kernel of the bank."""
        self.weight.copy_(weight.expand_as(self.weight))
        if self.bias is not None and bias is not None:
            self.bias.copy_(bias.expand_as(self.bias))

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={tuple(self.kernel_size)}, "
            f"stride={tuple(self.stride)}, padding={tuple(self.padding)}, dilation={tuple(self.dilation)}, "
            f"groups={self.groups}, num_kernels={self.num_kernels}"
        )


def he_uniform_bank(layer: KernelBank) -> None:
    """Draw every kernel by He's uniform rule (fan-in, gain sqrt 2), and biases standard normal, as MAGIC's release."""
    for kernel in layer.weight:
        nn.init.kaiming_uniform_(kernel, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.normal_(layer.bias)
