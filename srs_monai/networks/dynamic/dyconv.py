"""DyConv: a mixture of kernels with softmax weights of a high temperature."""

from typing import Literal

from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.dynamic.kernel_attention import Tempered, he_normal_convolutions
from srs_monai.networks.dynamic.kernel_bank import KernelBank, he_uniform_bank
from srs_monai.networks.layers.conv_arguments import Size

Version = Literal["t30", "t34"]


class DyConv(Tempered, KernelBank):
    """Dynamic convolution: y = conv(x; sum_k a_k W_k), a = softmax(W2 relu(W1 mean(x)) / temperature).

    Two public versions differ in the attention. Version "t30", the base of MAGIC's code, has I / reduction hidden
    channels and no biases. Version "t34" has int(I / reduction) + 1 (K if I is 3), and a bias in the second layer.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias: as in `torch.nn.Conv2d`; the
            biases form a bank, which is mixed like the kernels.
        num_kernels: number of kernels K.
        temperature: above 0; None means 30, or 34 in version "t34". A high temperature makes the weights even, so that
            all kernels learn; `srs_monai.training.LowerTemperature` lowers it during training.
        reduction: input channels for each hidden channel of the attention.
        version: "t30" or "t34".
        spatial_dims: 2 or 3.

    Shapes: (B, I, ...) gives (B, O, ...), as a convolution does.

    Raises:
        ValueError: as in `KernelBank`, and for an unknown version, an invalid temperature, or fewer than `reduction`
            channels in version "t30".

    Source: Chen et al., CVPR 2020; values equal those of the two public PyTorch versions.
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
        temperature: float | None = None,
        reduction: int = 4,
        version: Version = "t30",
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
        if version not in ("t30", "t34"):
            raise ValueError(f"version of DyConv must be 't30' or 't34', got {version!r}; choose one of them")
        if reduction < 1 or (version == "t30" and in_channels < reduction):
            raise ValueError(
                f"DyConv's attention needs at least 1 hidden channel, but {in_channels} channels reduced by "
                f"{reduction} leave none; choose a reduction from 1 to {in_channels}"
            )
        self.version = version
        usual = 30.0 if version == "t30" else 34.0
        self.set_first_temperature(usual if temperature is None else temperature)
        hidden = in_channels // reduction
        if version == "t34":
            hidden = num_kernels if in_channels == 3 else hidden + 1
        layer = Conv[Conv.CONV, spatial_dims]
        self.route = nn.Sequential(
            layer(in_channels, hidden, 1, bias=False),
            nn.ReLU(),
            layer(hidden, num_kernels, 1, bias=version == "t34"),
        )
        he_uniform_bank(self)
        he_normal_convolutions(self.route)

    def attention(self, x: Tensor) -> Tensor:
        """The weights (B, K) of the kernels; they sum to 1."""
        logits: Tensor = self.route(x.mean(tuple(range(2, x.dim())), keepdim=True))
        return (logits.flatten(1) / self.temperature).softmax(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.mixture(x, self.attention(x))
