"""Static convolutions of any network turned into dynamic ones."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from srs_monai.networks.dynamic.table import dynamic_conv
from srs_monai.networks.layers.standardized_conv import StandardizedConv2d

_IMAGE_CHANNELS = 4  # at most

Where = Callable[[str, nn.Module], bool]


def replace_convs(
    module: nn.Module, name: str, *, skip_first: bool = True, where: Where | None = None, **options: Any
) -> nn.Module:
    """Turn the convolutions of a network into a dynamic kind, in place.

    Every `torch.nn.Conv2d` and `Conv3d` becomes a layer of that kind with the same channels, kernel size, stride,
    padding, dilation, groups and bias, on the same device; transposed convolutions stay. Static weights are kept where
    the kind has a place for them: every kernel of a bank starts as the static one, so that kinds whose weights sum to 1
    (dyconv, magic) at first compute what the static network did. ScConv has no such place and starts anew.

    Args:
        module: any network, or a convolution.
        name: one of `DYNAMIC_CONVS`.
        skip_first: leave the first convolution as it is, as the articles do, and others that take the image: it has too
            few channels to attend to.
        where: which of the others are turned, by their name in the network and themselves; None: all.
        options: keyword options of the kind, such as `num_kernels`.

    Returns:
        The network itself; of a convolution, the layer in its place.

    Raises:
        ValueError: when there is nothing to turn, or naming the first convolution that the kind cannot stand for; the
            network is then as it was.

    Source: MAGIC replaces every convolution but the first of a backbone.
    """
    found = [(path, part) for path, part in module.named_modules() if isinstance(part, nn.Conv2d | nn.Conv3d)]
    if skip_first and found:
        image = found[0][1]
        found = [(path, part) for path, part in found if part is not image and not _takes_image(part, image)]
    chosen = [(path, part) for path, part in found if where is None or where(path, part)]
    if not chosen:
        raise ValueError(
            f"there is no convolution to turn into {name!r}: {type(module).__name__} has {len(found)}, "
            f"{'those of the image are left out, ' if skip_first else ''}and `where` takes none; change `where`"
        )
    layers = {path: _in_place_of(path, part, name, options) for path, part in chosen}
    if "" in layers:
        return layers[""]
    for path, layer in layers.items():
        parent, _, child = path.rpartition(".")
        setattr(module.get_submodule(parent), child, layer)
    return module


def _in_place_of(path: str, static: nn.Conv2d | nn.Conv3d, name: str, options: dict[str, Any]) -> nn.Module:
    where = f"convolution {path!r}" if path else "the convolution"
    if static.padding_mode != "zeros":
        raise ValueError(
            f"dynamic convolutions pad with zeros, but {where} pads by {static.padding_mode!r}; leave it out by `where`"
        )
    try:
        layer = dynamic_conv(
            name,
            static.in_channels,
            static.out_channels,
            static.kernel_size if len(set(static.kernel_size)) > 1 else static.kernel_size[0],
            stride=static.stride if max(static.stride) > 1 else 1,
            padding=static.padding if isinstance(static.padding, str) else _one_or_all(static.padding),
            dilation=static.dilation if max(static.dilation) > 1 else 1,
            spatial_dims=static.weight.dim() - 2,
            **{"groups": static.groups, "bias": static.bias is not None} | options,
        )
    except ValueError as error:
        raise ValueError(f"{where} cannot become {name!r}: {error}, or leave it out by `where`") from error
    layer.to(static.weight)  # before it takes values over: they may be of more digits
    keep = getattr(layer, "start_from", None)
    if keep is not None:
        with torch.no_grad():
            weight = static.standardized() if isinstance(static, StandardizedConv2d) else static.weight
            keep(weight, static.bias)
    return layer.train(static.training)


def _takes_image(conv: nn.Conv2d | nn.Conv3d, first: nn.Conv2d | nn.Conv3d) -> bool:
    return conv.in_channels == first.in_channels <= _IMAGE_CHANNELS


def _one_or_all(values: tuple[int, ...]) -> int | tuple[int, ...]:
    return values if len(set(values)) > 1 else values[0]
