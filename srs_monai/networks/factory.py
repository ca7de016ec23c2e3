"""Our convolutions in MONAI's layer factory, under their names: Conv["dpconv", 2] builds one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from monai.networks.layers.factories import Conv
from torch import nn

from srs_monai.networks.dynamic.named_convolutions import CONVOLUTIONS


def convolution(name: str, spatial_dims: int) -> Callable[..., nn.Module]:
    """One of CONVOLUTIONS for this number of spatial dimensions.

    Raises:
        ValueError: if the convolution does not support this number.
    """
    layer: Any = CONVOLUTIONS[name]
    dimensions: tuple[int, ...] = layer.DIMENSIONS
    if spatial_dims not in dimensions:
        raise ValueError(
            f"Conv[{name!r}, dim] supports {' and '.join(map(str, dimensions))} spatial dimensions, got "
            f"{spatial_dims}; use a supported number"
        )
    return partial(layer, spatial_dims=spatial_dims)


def register_convolutions() -> None:
    """Add CONVOLUTIONS to the factory once. A name that belongs to another layer is an error and is not overwritten."""
    for name in CONVOLUTIONS:
        make = partial(convolution, name)
        if name.upper() not in Conv.names:
            Conv.add_factory_callable(name, make, CONVOLUTIONS[name].__doc__)
            continue
        taken = Conv.components[name.upper()].value
        if _origin(taken) != _origin(make):
            raise ValueError(
                f"a name in MONAI's factory Conv must be unique, but {name!r} is {_origin(taken)} already; "
                "register that layer under another name"
            )


def _origin(make: Callable[..., Any]) -> str:
    """Where a callable is defined. After a second import of its module, a new callable has the same origin."""
    named = make.func if isinstance(make, partial) else make
    bound = make.args if isinstance(make, partial) else ()
    return f"{named.__module__}.{named.__qualname__}{bound or ''}"
