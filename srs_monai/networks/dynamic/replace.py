"""Static convolutions of any network turned into dynamic ones."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from srs_monai.networks.dynamic.named_convolutions import CONVOLUTIONS, DYNAMIC_CONVS, dynamic_conv
from srs_monai.networks.layers.standardized_conv import StandardizedConv2d

_IMAGE_CHANNELS = 4  # at most
_DYNAMIC: tuple[type[nn.Module], ...] = tuple(CONVOLUTIONS.values())

Where = Callable[[str, nn.Module], bool]


def replace_convs(
    module: nn.Module, name: str, *, skip_first: bool = True, where: Where | None = None, **options: Any
) -> nn.Module:
    """Turn the convolutions of a network into a dynamic kind, in place.

    Every `torch.nn.Conv2d` and `Conv3d` becomes a layer of that kind with the same channels, kernel size, stride,
    padding, dilation, groups and bias, on the same device; transposed convolutions stay, and what dynamic layers are
    made of. A convolution that a network uses at several places becomes one layer at all of them. Static weights are
    kept where the kind has a place for them: every kernel of a bank starts as the static one, so that kinds whose
    weights sum to 1 (dyconv, magic) at first compute what the static network did. ScConv has no such place and starts
    anew.

    Args:
        module: any network, or a convolution.
        name: one of `DYNAMIC_CONVS`.
        skip_first: leave the first convolution as it is, as the articles do, and others that take the image: it has too
            few channels to attend to.
        where: which of the others are turned, by their name in the network (one of their names is enough) and
            themselves; None: all.
        options: keyword options of the kind, such as `num_kernels`.

    Returns:
        The network itself; of a convolution, the layer in its place.

    Raises:
        ValueError: for another name, when there is nothing to turn, or naming the first convolution that the kind
            cannot stand for; the network is then as it was.

    Source: MAGIC replaces every convolution but the first of a backbone.
    """
    if name in CONVOLUTIONS and name not in DYNAMIC_CONVS:
        raise ValueError(
            f"a convolution of a network is called with x alone, but {name!r} takes a guide beside it; choose one of "
            f"{', '.join(sorted(DYNAMIC_CONVS))}, or SRSNet, which has it at its place"
        )
    found = _convolutions(module)
    if skip_first and found:
        image = found[0][1]
        found = [(path, part) for path, part in found if part is not image and not _takes_image(part, image)]
    chosen = [(path, part) for path, part in found if where is None or where(path, part)]
    if not chosen:
        raise ValueError(
            f"there is no convolution to turn into {name!r}: {type(module).__name__} has {len(found)}, "
            f"{'those of the image are left out, ' if skip_first else ''}and `where` takes none; change `where`"
        )
    layers: dict[nn.Module, nn.Module] = {}
    for path, part in chosen:
        if part not in layers:
            layers[part] = _in_place_of(path, part, name, options)
    if module in layers:
        return layers[module]
    for parent in list(module.modules()):
        for child, held in list(parent._modules.items()):  # named_children() leaves out a part's second name
            if held in layers:
                setattr(parent, child, layers[held])
    return module


def _convolutions(module: nn.Module) -> list[tuple[str, nn.Conv2d | nn.Conv3d]]:
    """Every convolution under each of its names, but for those that dynamic layers are made of."""
    inside = {part for layer in module.modules() if isinstance(layer, _DYNAMIC) for part in layer.modules()}
    return [
        (path, part)
        for path, part in module.named_modules(remove_duplicate=False)
        if isinstance(part, nn.Conv2d | nn.Conv3d) and part not in inside
    ]


def _in_place_of(path: str, static: nn.Conv2d | nn.Conv3d, name: str, options: dict[str, Any]) -> nn.Module:
    where = f"convolution {path!r}" if path else "the convolution"
    if static.padding_mode != "zeros":
        raise ValueError(
            f"dynamic convolutions pad with zeros, but {where} pads by {static.padding_mode!r}; leave it out by `where`"
        )
    _require_own_weight(static, where)
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


def _require_own_weight(static: nn.Conv2d | nn.Conv3d, where: str) -> None:
    """Refuse a convolution that computes anything but the plain one by a weight it holds."""
    if nn.parameter.is_lazy(static.weight):
        raise ValueError(f"{where} does not know its channels yet; run the network once, then turn its convolutions")
    if "weight" not in static._parameters:
        raise ValueError(
            f"a dynamic convolution has kernels of its own, but the weight of {where} is made from others by a "
            "parametrization or a norm; take that away first, or leave it out by `where`"
        )
    kind: type[nn.Conv2d | nn.Conv3d] = nn.Conv2d if isinstance(static, nn.Conv2d) else nn.Conv3d
    forwards = (kind.forward, StandardizedConv2d.forward)
    if type(static).forward not in forwards or type(static)._conv_forward is not kind._conv_forward:
        raise ValueError(
            f"{where} is a {type(static).__name__}, which computes more than its convolution and would lose it; leave "
            "it out by `where`"
        )


def _takes_image(conv: nn.Conv2d | nn.Conv3d, first: nn.Conv2d | nn.Conv3d) -> bool:
    return conv.in_channels == first.in_channels <= _IMAGE_CHANNELS


def _one_or_all(values: tuple[int, ...]) -> int | tuple[int, ...]:
    return values if len(set(values)) > 1 else values[0]
