"""Replacement of the static convolutions of any network by dynamic ones."""

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
    """Replace the convolutions of a network by a dynamic kind, in place.

    Every `torch.nn.Conv2d` and `Conv3d` becomes a layer of that kind, with the same channels, kernel size, stride,
    padding, dilation, groups and bias, on the same device. Transposed convolutions and the parts of dynamic layers
    stay. If a network uses one convolution in several places, one new layer replaces it in all of them. The new layer
    takes over the static weights if its kind allows it: every kernel of a bank starts as the static kernel. With kinds
    whose weights sum to 1 (dyconv, magic) the network at first computes the same as before. ScConv cannot take over
    weights and starts from new values.

    Args:
        module: any network, or a convolution.
        name: one of `DYNAMIC_CONVS`.
        skip_first: keep the first convolution, as the articles do, and all others that read the image; an image has
            too few channels for attention.
        where: selects from the other convolutions, by their name in the network (one of several names is enough) and
            the convolution itself; None selects all.
        options: keyword options of the kind, such as `num_kernels`.

    Returns:
        The network itself; for a convolution, the layer that replaces it.

    Raises:
        ValueError: for an unknown name, if there is nothing to replace, or with the first convolution that the kind
            cannot replace; the network is then unchanged.

    Source: MAGIC replaces every convolution but the first of a backbone.
    """
    if name in CONVOLUTIONS and name not in DYNAMIC_CONVS:
        raise ValueError(
            f"a network calls its convolutions with x alone, but {name!r} takes a guide beside it; choose one of "
            f"{', '.join(sorted(DYNAMIC_CONVS))}, or use SRSNet, which contains {name!r}"
        )
    found = _convolutions(module)
    if skip_first and found:
        image = found[0][1]
        found = [(path, part) for path, part in found if part is not image and not _takes_image(part, image)]
    chosen = [(path, part) for path, part in found if where is None or where(path, part)]
    if not chosen:
        raise ValueError(
            f"replacement by {name!r} needs at least one convolution, but {type(module).__name__} has {len(found)}"
            f"{' besides those that read the image' if skip_first else ''} and `where` selects none; change `where`"
        )
    layers: dict[nn.Module, nn.Module] = {}
    for path, part in chosen:
        if part not in layers:
            layers[part] = _in_place_of(path, part, name, options)
    if module in layers:
        return layers[module]
    for parent in list(module.modules()):
        for child, held in list(parent._modules.items()):  # named_children() omits the second name of a part
            if held in layers:
                setattr(parent, child, layers[held])
    return module


def _convolutions(module: nn.Module) -> list[tuple[str, nn.Conv2d | nn.Conv3d]]:
    """Every convolution under each of its names, except the parts of dynamic layers."""
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
            f"dynamic convolutions pad with zeros, but {where} pads by {static.padding_mode!r}; exclude it with `where`"
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
        raise ValueError(f"{where} cannot become {name!r}: {error}, or exclude it with `where`") from error
    layer.to(static.weight)  # first the type, so that the copied values keep their precision
    keep = getattr(layer, "start_from", None)
    if keep is not None:
        with torch.no_grad():
            weight = static.standardized() if isinstance(static, StandardizedConv2d) else static.weight
            keep(weight, static.bias)
    return layer.train(static.training)


def _require_own_weight(static: nn.Conv2d | nn.Conv3d, where: str) -> None:
    """Reject a convolution that is not a plain convolution with its own weight."""
    if nn.parameter.is_lazy(static.weight):
        raise ValueError(f"{where} does not know its channels yet; run the network once, then replace its convolutions")
    if "weight" not in static._parameters:
        raise ValueError(
            f"a dynamic convolution stores its own kernels, but the weight of {where} is made from others by a "
            "parametrization or a norm; remove that first, or exclude the convolution with `where`"
        )
    kind: type[nn.Conv2d | nn.Conv3d] = nn.Conv2d if isinstance(static, nn.Conv2d) else nn.Conv3d
    forwards = (kind.forward, StandardizedConv2d.forward)
    if type(static).forward not in forwards or type(static)._conv_forward is not kind._conv_forward:
        raise ValueError(
            f"{where} is a {type(static).__name__}, which computes more than its convolution and would lose that part; "
            "exclude it with `where`"
        )


def _takes_image(conv: nn.Conv2d | nn.Conv3d, first: nn.Conv2d | nn.Conv3d) -> bool:
    return conv.in_channels == first.in_channels <= _IMAGE_CHANNELS


def _one_or_all(values: tuple[int, ...]) -> int | tuple[int, ...]:
    return values if len(set(values)) > 1 else values[0]
