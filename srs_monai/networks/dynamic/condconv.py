"""CondConv: a mixture of kernels with sigmoid weights."""

import torch
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.dynamic.kernel_bank import KernelBank, he_uniform_bank
from srs_monai.networks.layers.conv_arguments import Size


class CondConv(KernelBank):
    """Conditionally parameterized convolution: y = conv(x; sum_k a_k W_k), a = sigmoid(W mean(x)).

    The weights are independent of each other. Their sum may differ from 1.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias: as in `torch.nn.Conv2d`; the
            biases form a bank, which is mixed like the kernels.
        num_kernels: number of kernels K.
        spatial_dims: 2 or 3.

    Shapes: (B, I, ...) gives (B, O, ...), as a convolution does.

    Raises:
        ValueError: as in `KernelBank`.

    Source: Yang et al., NeurIPS 2019; values equal those of the public PyTorch code (MIT) behind MAGIC's tables.
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
        bias: bool = True,
        *,
        num_kernels: int = 4,
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
        self.route = Conv[Conv.CONV, spatial_dims](in_channels, num_kernels, 1, bias=False)
        he_uniform_bank(self)
        nn.init.kaiming_normal_(self.route.weight, mode="fan_out", nonlinearity="relu")

    def attention(self, x: Tensor) -> Tensor:
        """The weights (B, K) of the kernels."""
        space = tuple(range(2, x.dim()))
        return torch.sigmoid(self.route(x.mean(space, keepdim=True))).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.mixture(x, self.attention(x))
