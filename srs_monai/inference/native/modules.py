"""Parts of the networks that run in our own kernels: the same calls, the same results, float32 on the CPU."""

import ctypes
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from srs_monai.inference.native.library import Part, library
from srs_monai.inference.native.packing import pack_1x1, pack_3x3, pad_channels, padded
from srs_monai.networks.blocks import CBAMResidual
from srs_monai.networks.layers import DPConv


class NativeConv3(nn.Module):
    """A 3x3 convolution with a bias, and the rectifier behind it where asked.

    Args:
        weight: (O, I, 3, 3).
        bias: (O,), or None.
        rectify: whether negative results become 0.

    Shapes: (B, I, H, W) gives (B, O, H, W), channels last.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, *, rectify: bool) -> None:
        super().__init__()
        self.kernel = _Conv3(weight, bias, rectify=rectify)

    def forward(self, x: Tensor) -> Tensor:
        (batch,) = _in_vectors([x])
        out = _empty(batch, self.kernel.stride)
        for image, result in zip(batch, out, strict=True):
            self.kernel([image], result)
        return out[:, : self.kernel.channels]


class NativeDPConv(nn.Module):
    """DPConv in its closed form, of whole filters: one convolution by our own kernels.

    Shapes: as DPConv.
    """

    def __init__(self, layer: DPConv) -> None:
        super().__init__()
        layer.fix_kernels()
        assert layer.fixed_kernels is not None
        self.layer = layer
        self.kernels = NativeConv3(layer.fixed_kernels, None, rectify=False)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        scale = self.layer.scale(guide)[:, 0]  # (B, O, 1, 1): one part
        scaled, fixed = self.kernels(x).chunk(2, dim=1)
        return torch.addcmul(fixed, scale, scaled)


class NativeNode(nn.Module):
    """A chain of residual blocks, each two convolutions, both attentions and the shortcut.

    Args:
        blocks: with their norms folded.

    Shapes: maps side by side in channels, a list of (B, ., H, W), or one map by itself, give (B, O, H, W).
    """

    def __init__(self, blocks: Sequence[CBAMResidual]) -> None:
        super().__init__()
        self.blocks = [_Block(block) for block in blocks]

    def forward(self, links: list[Tensor] | Tensor) -> Tensor:
        batches = _in_vectors(links if isinstance(links, list) else [links])
        out = _empty(batches[0], self.blocks[-1].stride)
        for number, result in enumerate(out):
            images = [batch[number] for batch in batches]
            for block in self.blocks[:-1]:
                images = [block(images, _empty(images[0], block.stride))]
            self.blocks[-1](images, result)
        return out[:, : self.blocks[-1].channels]


class _Conv3:
    def __init__(self, weight: Tensor, bias: Tensor | None, *, rectify: bool) -> None:
        lib = library()
        self.channels = weight.shape[0]
        self.stride = padded(self.channels, lib.lanes())
        self.weight = pack_3x3(weight.detach(), lib.lanes(), lib.widest())
        self.bias = _bias(bias, weight)
        self.rectify = int(rectify)

    def __call__(
        self, images: list[Tensor], result: Tensor, sums: Tensor | None = None, peaks: Tensor | None = None
    ) -> Tensor:
        """Of images side by side, (., H, W), channels last and in whole vectors; sums and peaks are (threads, O)."""
        _, height, width = result.shape
        library().convolve3(
            *_parts(images), height, width, _at(self.weight), _at(self.bias), self.stride, self.rectify, _at(result),
            _at(sums), _at(peaks), torch.get_num_threads(),
        )  # fmt: skip
        return result


class _Block:
    """One CBAMResidual with its norms folded."""

    def __init__(self, block: CBAMResidual) -> None:
        lib = library()
        self.conv1 = _Conv3(block.conv1.weight, block.conv1.bias, rectify=True)
        self.conv2 = _Conv3(block.conv2.weight, block.conv2.bias, rectify=False)
        self.channels, self.stride = self.conv2.channels, self.conv2.stride
        channel, spatial = block.channel_attention, block.spatial_attention
        self.fc1 = channel.fc1.weight.detach().flatten(1).contiguous()
        self.fc2 = channel.fc2.weight.detach().flatten(1).contiguous()
        self.position_kernel = spatial.conv.weight.detach().contiguous()
        self.shortcut: Tensor | None = None
        if isinstance(block.shortcut, nn.Sequential) and isinstance(conv := block.shortcut[0], nn.Conv2d):
            self.shortcut = pack_1x1(conv.weight.detach(), lib.lanes(), lib.widest())
            self.shortcut_bias = _bias(conv.bias, conv.weight)

    def __call__(self, images: list[Tensor], result: Tensor) -> Tensor:
        _, height, width = result.shape
        lib, threads, pixels = library(), torch.get_num_threads(), height * width
        sums, peaks = result.new_empty(2, threads, self.stride)
        inner = self.conv1(images, _empty(result, self.stride))
        y = self.conv2([inner], _empty(result, self.stride), sums, peaks)
        weights = result.new_empty(self.stride)
        lib.weigh_channels(
            _at(sums), _at(peaks), threads, pixels, self.channels, self.stride, _at(self.fc1), _at(self.fc2),
            len(self.fc1), _at(weights),
        )  # fmt: skip
        around = images[0]
        if self.shortcut is not None:
            around = inner  # it has done its part: its memory serves the shortcut
            lib.convolve1(
                *_parts(images),
                pixels,
                _at(self.shortcut),
                _at(self.shortcut_bias),
                self.stride,
                0,
                _at(around),
                threads,
            )
        lib.attend(
            _at(y), height, width, self.channels, self.stride, _at(weights), _at(self.position_kernel), _at(around),
            _at(result), threads,
        )  # fmt: skip
        return result


def _bias(bias: Tensor | None, weight: Tensor) -> Tensor:
    values = weight.new_zeros(weight.shape[0]) if bias is None else bias
    return pad_channels(values.detach().float(), 0, library().lanes()).contiguous()


def _in_vectors(maps: list[Tensor]) -> list[Tensor]:
    """Maps with channels last, in whole vectors: each by itself, or, where one is not in whole vectors, as one."""
    lanes = library().lanes()
    if len(maps) > 1 and any(x.shape[1] % lanes for x in maps):
        maps = [torch.cat(maps, dim=1)]
    return [pad_channels(x, 1, lanes).contiguous(memory_format=torch.channels_last) for x in maps]


def _empty(like: Tensor, channels: int) -> Tensor:
    """Room for images of this number of channels, channels last."""
    *batch, _, height, width = like.shape
    return like.new_empty(*batch, height, width, channels).movedim(-1, -3)


def _parts(images: list[Tensor]) -> tuple[ctypes.Array[Part], int]:
    return (Part * len(images))(*(Part(image.data_ptr(), image.shape[0]) for image in images)), len(images)


def _at(values: Tensor | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if values is None else values.data_ptr())
