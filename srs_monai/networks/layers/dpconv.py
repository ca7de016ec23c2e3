"""DPConv, a convolution whose kernel is computed from a feature of another network."""

from math import lcm, prod
from typing import ClassVar, Literal

import torch
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from srs_monai.networks.layers.attention import ChannelAttention, SpatialAttention
from srs_monai.networks.layers.conv_arguments import Size, keeping_padding, sizes
from srs_monai.networks.layers.convolve import conv_per_sample, conv_same


class DPConv(nn.Module):
    """Dynamic-parameter convolution: every sample is filtered with a kernel that is computed from its own guide.

    Attention gates the guide, a feature of another network. Its mean over space and a 1x1 convolution give one number
    s_g for each guide channel. A grouped 1x1 convolution, `to_kernel`, then computes the kernel: a run of
    O * I * K * K / G values for each guide channel. Each run is affine in its own s_g. With A and B as the weight and
    the bias of `to_kernel`, read as kernels:

        DPConv(x, guide) = s(guide) * conv(x; A) + conv(x; B).

    This closed form is one ordinary convolution for the whole batch. It is exact if runs end between two input
    channels. If G divides O, a run consists of whole filters. Otherwise every filter is cut into lcm(O, G) / O parts;
    their number must divide I, and the parts are scaled before they are summed. The literal form computes the kernels
    and convolves sample by sample. Both forms have the same state_dict.

    Args:
        in_channels, out_channels: channels I of x and O of the result.
        kernel_size: side K of the kernel in pixels, odd, or one number for each dimension.
        stride, dilation, groups: must be 1; they are named as in `torch.nn.Conv2d`.
        padding: the padding that keeps the size, or "same", the default.
        bias: add a static bias (O) to the result; the release has none.
        guide_channels: channels G of the guide, required; the grouped generator needs a divisor of O * I * K * K.
        spatial_dims: 2 or 3; in 3 dimensions the kernel is K * K * K.
        generator: "grouped" as released, or "dense", eq. (3) of the article, in which every s influences every kernel
            value.
        gate: weight the guide by attention first, as released; the article shows no such gate.
        form: "closed" or "literal". The dense generator, and runs that end inside an input channel, have no closed
            form that saves work; they use the literal form. The attribute `form` holds the form in use.

    Shapes: x (B, I, H, W[, D]) and guide (B, G, any, any[, any]) give (B, O, H, W[, D]).

    Raises:
        ValueError: if an argument is outside its range above; in forward, without a guide, and if the two batch sizes
            differ.

    Source: SRSNet, IEEE TIP 2025, and its released code.
    """

    DIMENSIONS: ClassVar[tuple[int, ...]] = (2, 3)

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
        guide_channels: int | None = None,
        spatial_dims: int = 2,
        generator: Literal["grouped", "dense"] = "grouped",
        gate: bool = True,
        form: Literal["closed", "literal"] = "closed",
    ) -> None:
        super().__init__()
        if spatial_dims not in (2, 3):
            raise ValueError(f"DPConv works in 2 or 3 spatial dimensions, got {spatial_dims}; choose one of them")
        kernel, steps, spread = (
            sizes(value, spatial_dims, name)
            for value, name in ((kernel_size, "kernel_size"), (stride, "stride"), (dilation, "dilation"))
        )
        if max(*steps, *spread) > 1 or groups != 1:
            raise ValueError(
                f"DPConv supports only stride, dilation and groups of 1, got stride {stride}, dilation "
                f"{dilation} and groups {groups}; leave all three at 1"
            )
        keeping_padding(padding, kernel, spread, "DPConv")
        if guide_channels is None:
            raise ValueError(
                "DPConv computes its kernel from a guide, a feature of another network, and needs guide_channels, got "
                "none; give guide_channels and call the layer with x and the guide, or use a convolution that computes "
                "its kernel from x, such as 'dyconv'"
            )
        if min(in_channels, out_channels, guide_channels) < 1:
            raise ValueError(
                f"DPConv needs 1 channel or more, got {in_channels} in, {out_channels} out and {guide_channels} of "
                "the guide; give 1 or more of each"
            )
        if generator not in ("grouped", "dense"):
            raise ValueError(f"generator must be 'grouped' or 'dense', got {generator!r}; choose one of them")
        if form not in ("closed", "literal"):
            raise ValueError(f"form must be 'closed' or 'literal', got {form!r}; choose one of them")
        n_weights = out_channels * in_channels * prod(kernel)
        if generator == "grouped" and n_weights % guide_channels:
            raise ValueError(
                f"guide_channels must divide the {n_weights} kernel weights, got {guide_channels} guide channels; "
                "change guide_channels or use generator='dense'"
            )
        conv = Conv[Conv.CONV, spatial_dims]
        self.gate = GuideGate(guide_channels, spatial_dims=spatial_dims) if gate else nn.Identity()
        self.mix = conv(guide_channels, guide_channels, 1)
        self.to_kernel = conv(guide_channels, n_weights, 1, groups=guide_channels if generator == "grouped" else 1)
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

        self.space = tuple(range(2, 2 + spatial_dims))
        self.kernel_shape = [out_channels, in_channels, *kernel]
        self.parts = lcm(out_channels, guide_channels) // out_channels  # of a filter, each scaled by one s
        self.parts_per_guide = lcm(out_channels, guide_channels) // guide_channels
        aligned = generator == "grouped" and in_channels % self.parts == 0
        self.form = "closed" if form == "closed" and aligned else "literal"
        self.fixed_kernels: Tensor | None
        self.register_buffer("fixed_kernels", None)

    def forward(self, x: Tensor, guide: Tensor | None = None) -> Tensor:
        if guide is None:
            raise ValueError(
                "DPConv computes its kernel from a guide, got none; call the layer with x and the guide, a feature "
                "(B, guide_channels, ...) of another network"
            )
        require_own_guides(x, guide)
        summary = self._summary(guide)
        y = self._closed(x, summary) if self.form == "closed" else self._literal(x, summary)
        return self.add_bias(y)

    def add_bias(self, y: Tensor) -> Tensor:
        """The result plus the static bias, if the layer has one."""
        bias = self.bias
        return y if bias is None else y + bias.reshape([-1] + [1] * len(self.space))

    def _summary(self, guide: Tensor) -> Tensor:
        """One number for each guide channel, (B, G, 1, 1)."""
        # a 1x1 convolution and a mean may swap: after the mean, only one pixel is convolved
        summary: Tensor = self.mix(self.gate(guide).mean(self.space, keepdim=True))
        return summary

    def scale(self, guide: Tensor) -> Tensor:
        """The scale of each part of A's filters in the closed form, (B, parts, O, 1, 1)."""
        return self._scale(self._summary(guide))

    def _literal(self, x: Tensor, summary: Tensor) -> Tensor:
        kernel = self.to_kernel(summary).flatten(1).unflatten(1, self.kernel_shape)  # (B, O, I, K, K)
        return conv_per_sample(x, kernel)

    def fix_kernels(self) -> None:
        """Store the present kernels of the closed form, for inference, in which weights do not change."""
        if self.form == "closed":
            self.fixed_kernels = self._static_kernels().detach()

    def _static_kernels(self) -> Tensor:
        """A and B side by side, (parts * 2 * O, I / parts, K, K)."""
        out_channels, in_channels = self.kernel_shape[:2]
        split = [2, out_channels, self.parts, in_channels // self.parts]
        bias = self.to_kernel.bias
        assert bias is not None  # TorchScript considers the bias of a convolution optional
        a_and_b = torch.stack([self.to_kernel.weight.flatten(), bias])
        return a_and_b.reshape(split + self.kernel_shape[2:]).movedim(2, 0).flatten(0, 2)

    def _closed(self, x: Tensor, summary: Tensor) -> Tensor:
        out_channels = self.kernel_shape[0]
        fixed_kernels = self.fixed_kernels
        kernels = self._static_kernels() if fixed_kernels is None else fixed_kernels
        y = conv_same(x, kernels, groups=self.parts).unflatten(1, [self.parts, 2, out_channels])
        scaled, fixed = y.unbind(2)  # (B, parts, O, H, W) each
        result: Tensor = (self._scale(summary) * scaled + fixed).sum(1)
        return result

    def _scale(self, summary: Tensor) -> Tensor:
        """The summary (B, G, 1, 1) as the scale of each part of A's filters, (B, parts, O, 1, 1)."""
        scale = summary.repeat_interleave(self.parts_per_guide, dim=1)  # (B, O * parts, 1, 1)
        by_part: Tensor = scale.unflatten(1, [self.kernel_shape[0], self.parts]).transpose(1, 2)
        return by_part


def require_own_guides(x: Tensor, guide: Tensor) -> None:
    """Reject a number of guides that differs from the number of samples. A trace has no sizes and skips the check."""
    if torch.jit.is_tracing():  # type: ignore[attr-defined]
        return
    if x.shape[0] != guide.shape[0]:
        raise ValueError(
            f"every sample needs its own guide, got {x.shape[0]} samples and {guide.shape[0]} guides; "
            "give both the same batch size"
        )


class GuideGate(nn.Module):
    """Attention on the guide. Unlike in CBAM, the channel weights act only through the spatial weights."""

    def __init__(self, channels: int, *, spatial_dims: int) -> None:
        super().__init__()
        self.channel_attention = ChannelAttention(channels, spatial_dims=spatial_dims)
        self.spatial_attention = SpatialAttention(spatial_dims=spatial_dims)

    def forward(self, guide: Tensor) -> Tensor:
        gated: Tensor = self.spatial_attention(self.channel_attention(guide) * guide) * guide
        return gated
