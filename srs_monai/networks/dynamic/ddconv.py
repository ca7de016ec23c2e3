"""DDConv: dynamic kernels on a deformed sampling grid."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks.dynamic.kernel_bank import KernelBank
from srs_monai.networks.layers.conv_arguments import Size, keeping_padding, sizes


class DDConv(nn.Module):
    """Dynamic deformable convolution: kernels and sampling positions are both computed from the sample.

    One mixture of experts gives 2 K K offsets for each position, first for rows, then for columns. The input is sampled
    there bilinearly. The samples form a map that is K times larger; another mixture, with stride K, convolves it.
    Offsets start at zero, so at first the layer is an ordinary convolution with mixed kernels.

    Args:
        in_channels, out_channels, kernel_size, stride, dilation, groups, bias: as in `torch.nn.Conv2d`; the kernel is
            square and odd, the bias is static.
        padding: the padding that keeps the size at stride 1, since offsets and kernel must see the same positions; or
            "same".
        num_kernels: number of experts in each mixture.
        dropout: dropout rate, in train mode, of the averaged input that chooses the experts.
        spatial_dims: 2.

    Shapes: (B, I, H, W) gives (B, O, ...), as a convolution does.

    Raises:
        ValueError: as in `KernelBank`, and for a kernel that is even or not square.

    Source: CiT-Net, 2023; values equal those of its public code.
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
        bias: bool = True,
        *,
        num_kernels: int = 8,
        dropout: float = 0.2,
        spatial_dims: int = 2,
    ) -> None:
        super().__init__()
        if spatial_dims != 2:
            raise ValueError(f"DDConv supports 2 spatial dimensions, got {spatial_dims}; use 2")
        kernel = sizes(kernel_size, 2, "kernel_size")
        if kernel[0] != kernel[1] or kernel[0] % 2 == 0:
            raise ValueError(f"DDConv needs a square kernel of odd size, got {kernel}; give one odd number")
        self.side = kernel[0]
        self.stride, self.dilation = sizes(stride, 2, "stride"), sizes(dilation, 2, "dilation")
        self.padding = keeping_padding(padding, kernel, self.dilation, "DDConv")
        experts: dict[str, Any] = {"num_kernels": num_kernels, "dropout": dropout}
        self.offsets = RoutedConv(in_channels, 2 * self.side**2, 3, self.stride, 1, **experts)
        self.conv = RoutedConv(in_channels, out_channels, kernel, kernel, groups=groups, bias=bias, **experts)
        for parameter in (self.offsets.weight, self.offsets.bias):
            nn.init.zeros_(parameter)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        # positions in at least 32 bits: the 16 bits of mixed precision cannot number the pixels of a row
        places = torch.promote_types(x.dtype, torch.float32)
        offsets = self.offsets(x).to(places).unflatten(1, [2, self.side, self.side])
        rows, columns = offsets.unbind(1)  # (B, K, K, H, W) each
        padded = F.pad(x.to(places), [self.padding[1], self.padding[1], self.padding[0], self.padding[0]])
        rows = rows + _places(rows, 0, self.stride[0], self.dilation[0])
        columns = columns + _places(columns, 1, self.stride[1], self.dilation[1])
        bottom, right = padded.shape[2] - 1, padded.shape[3] - 1  # with one pixel the only position is 0
        grid = torch.stack([2 * columns / max(right, 1) - 1, 2 * rows / max(bottom, 1) - 1], dim=-1)
        grid = (
            grid.permute(0, 3, 1, 4, 2, 5).flatten(3, 4).flatten(1, 2)
        )  # (B, H K, W K, 2): a K x K block for each position
        samples = F.grid_sample(padded, grid, padding_mode="border", align_corners=True)
        y: Tensor = self.conv(samples.to(x.dtype))
        return y

    def start_from(self, weight: Tensor, bias: Tensor | None) -> None:
        """Copy the values of a static convolution of the same sizes."""
        self.conv.start_from(weight, bias)


class RoutedConv(KernelBank):
    """A mixture of experts: sigmoid weights from the averaged input, and one bias for all samples."""

    def __init__(self, *sizes: Any, num_kernels: int, dropout: float, **options: Any) -> None:
        super().__init__(*sizes, num_kernels=num_kernels, mixed_bias=False, **options)
        self.dropout = nn.Dropout(dropout)
        self.route = nn.Linear(self.in_channels, num_kernels)
        fan_in = self.weight[0, 0].numel()
        nn.init.uniform_(self.weight, -(fan_in**-0.5), fan_in**-0.5)  # each kernel starts like PyTorch's convolutions
        if self.bias is not None:
            nn.init.uniform_(self.bias, -(fan_in**-0.5), fan_in**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.mixture(x, torch.sigmoid(self.route(self.dropout(x.mean((2, 3))))))


def _places(like: Tensor, axis: int, stride: int, dilation: int) -> Tensor:
    """The undeformed sampling positions along an axis of the padded image, shaped for offsets (B, K, K, H, W)."""
    taps = torch.arange(like.shape[1 + axis], device=like.device) * dilation
    starts = torch.arange(like.shape[3 + axis], device=like.device) * stride
    shape = [1, 1, 1, 1, 1]
    shape[1 + axis], shape[3 + axis] = len(taps), -1
    return (taps[:, None] + starts).reshape(shape).to(like.dtype)
