"""Parts of networks that run in our own kernels: same calls and same results, in float32 on the CPU."""

import ctypes
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from srs_monai.networks.blocks import CBAMResidual
from srs_monai.networks.layers import DPConv
from srs_monai.networks.layers.dpconv import require_own_guides
from srs_monai.runtimes.native.library import Block, Part, library
from srs_monai.runtimes.native.packing import pack_1x1, pack_3x3, pad_channels, padded
from srs_monai.tensors import on_plain_tensors


class NativeConv3(nn.Module):
    """A 3x3 convolution with a bias and an optional rectifier.

    Args:
        weight: (O, I, 3, 3).
        bias: (O,), or None.
        rectify: set negative results to 0.

    Shapes: (B, I, H, W) gives (B, O, H, W), channels last.

    Raises:
        ValueError: in forward, for a wrong number of channels, a precision other than float32, a device other than the
            CPU, and an input that requires gradients.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, *, rectify: bool) -> None:
        super().__init__()
        lib = library()
        self.channels, self.in_channels = weight.shape[:2]
        self.stride = padded(self.channels, lib.lanes())
        self.weight = pack_3x3(weight.detach(), lib.lanes(), lib.widest())
        self.bias = _bias(bias, weight)
        self.rectify = int(rectify)

    def forward(self, x: Tensor) -> Tensor:
        return on_plain_tensors(self._convolve, x)

    def _convolve(self, x: Tensor) -> Tensor:
        (batch,) = _whole_vectors([x], self.in_channels)
        out = _empty(batch, self.stride)
        lib, threads, (height, width) = library(), torch.get_num_threads(), out.shape[2:]
        for image, result in zip(batch, out, strict=True):
            lib.convolve3(
                *_parts([image]), height, width, _pointer(self.weight), _pointer(self.bias), self.stride, self.rectify,
                _pointer(result), None, None, threads,
            )  # fmt: skip
        return out[:, : self.channels]


class NativeDPConv(nn.Module):
    """DPConv in its closed form with whole filters: one convolution by our own kernels.

    Shapes: as in `DPConv`.

    Raises:
        ValueError: in forward, as in `NativeConv3`, and if the two batch sizes differ.
    """

    def __init__(self, layer: DPConv) -> None:
        super().__init__()
        layer.fix_kernels()
        assert layer.fixed_kernels is not None
        self.layer = layer
        self.kernels = NativeConv3(layer.fixed_kernels, None, rectify=False)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        require_own_guides(x, guide)
        scale = self.layer.scale(guide)[:, 0]  # (B, O, 1, 1): one part
        scaled, fixed = self.kernels(x).chunk(2, dim=1)
        return self.layer.add_bias(torch.addcmul(fixed, scale, scaled))


class NativeNode(nn.Module):
    """A chain of residual blocks. Each has two convolutions, both attentions and a shortcut.

    Args:
        blocks: blocks of one width, with folded norms.

    Shapes: a list of maps (B, ., H, W), joined by channel, or a single map, gives (B, O, H, W).

    Raises:
        ValueError: in forward, as in `NativeConv3`, and for maps of several sizes.
    """

    def __init__(self, blocks: Sequence[CBAMResidual]) -> None:
        super().__init__()
        packed = [_packed(block) for block in blocks]
        self.channels, self.stride = packed[0][0].channels, packed[0][0].stride
        self.in_channels = blocks[0].conv1.in_channels
        self.blocks = (Block * len(packed))(*(block for block, _ in packed))
        self.weights = [weights for _, weights in packed]  # the blocks point to these tensors

    def forward(self, links: list[Tensor] | Tensor) -> Tensor:
        maps = links if isinstance(links, list) else [links]
        return on_plain_tensors(self._run, *maps)

    def _run(self, *maps: Tensor) -> Tensor:
        batches = _whole_vectors(maps, self.in_channels)
        out = _empty(batches[0], self.stride)
        lib, threads, (height, width) = library(), torch.get_num_threads(), out.shape[2:]
        room = out.new_empty(lib.node_room(height, width, self.stride, threads))
        for number, result in enumerate(out):
            parts = _parts([batch[number] for batch in batches])
            lib.run_node(
                *parts, height, width, self.blocks, len(self.blocks), _pointer(room), _pointer(result), threads
            )
        return out[:, : self.channels]


def _packed(block: CBAMResidual) -> tuple[Block, list[Tensor | None]]:
    """A block in the form of the kernels, and the tensors to which it points."""
    lib = library()
    lanes, widest = lib.lanes(), lib.widest()
    convs, channel = (block.conv1, block.conv2), block.channel_attention
    weights: list[Tensor | None] = []
    for conv in convs:
        weights += [pack_3x3(conv.weight.detach(), lanes, widest), _bias(conv.bias, conv.weight)]
    weights += [fc.weight.detach().flatten(1).contiguous() for fc in (channel.fc1, channel.fc2)]
    weights.append(block.spatial_attention.conv.weight.detach().contiguous())
    if isinstance(block.shortcut, nn.Sequential) and isinstance(conv := block.shortcut[0], nn.Conv2d):
        weights += [pack_1x1(conv.weight.detach(), lanes, widest), _bias(conv.bias, conv.weight)]
    else:
        weights += [None, None]
    channels, hidden = block.conv2.out_channels, channel.fc1.out_channels
    return Block(*map(_pointer, weights), channels, padded(channels, lanes), hidden), weights


def _bias(bias: Tensor | None, weight: Tensor) -> Tensor:
    values = weight.new_zeros(weight.shape[0]) if bias is None else bias
    return pad_channels(values.detach().float(), 0, library().lanes()).contiguous()


def _whole_vectors(maps: Sequence[Tensor], channels: int) -> list[Tensor]:
    """Maps with channels last, padded to whole vectors. If one map is not in whole vectors, they become one.

    The kernels check no shapes, so an input with which they would read other memory is rejected here.
    """
    places = {(len(x), *x.shape[2:]) for x in maps}
    if any(x.dim() != 4 for x in maps) or len(places) > 1 or sum(x.shape[1] for x in maps) != channels:
        raise ValueError(
            f"our own kernels need maps (B, ., H, W) of one batch and size with {channels} channels together, got "
            f"{', '.join(str(tuple(x.shape)) for x in maps)}; pass images with the channels of the network"
        )
    if torch.is_grad_enabled() and any(x.requires_grad for x in maps):
        raise ValueError(
            "our own kernels compute no gradients, but the input requires them; call them under torch.no_grad(), or "
            "use the network itself"
        )
    for x in maps:
        if x.dtype != torch.float32 or x.device.type != "cpu":
            raise ValueError(
                f"our own kernels compute in float32 on the CPU, got {x.dtype} on {x.device}; remove autocast, or "
                "use another runtime"
            )
    lanes, maps = library().lanes(), list(maps)
    if len(maps) > 1 and any(x.shape[1] % lanes for x in maps):
        maps = [torch.cat(maps, dim=1)]
    return [pad_channels(x, 1, lanes).contiguous(memory_format=torch.channels_last) for x in maps]


def _empty(like: Tensor, channels: int) -> Tensor:
    """Memory for images with this number of channels, channels last."""
    *batch, _, height, width = like.shape
    return like.new_empty(*batch, height, width, channels).movedim(-1, -3)


def _parts(images: list[Tensor]) -> tuple[ctypes.Array[Part], int]:
    return (Part * len(images))(*(Part(image.data_ptr(), image.shape[0]) for image in images)), len(images)


def _pointer(values: Tensor | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if values is None else values.data_ptr())
