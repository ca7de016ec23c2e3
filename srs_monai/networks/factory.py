"""Our convolutions under their names in MONAI's layer factory, so that Conv["dpconv", 2] builds one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from monai.networks.layers.factories import Conv
from torch import nn

from srs_monai.networks.dynamic.named_convolutions import CONVOLUTIONS


def convolution(name: str, spatial_dims: int) -> Callable[..., nn.Module]:
    """One of CONVOLUTIONS, its dimensions set.

    Raises:
        ValueError: when it does not exist in so many dimensions.
    """
    layer: Any = CONVOLUTIONS[name]
    dimensions: tuple[int, ...] = layer.DIMENSIONS
    if spatial_dims not in dimensions:
        raise ValueError(
            f"Conv[{name!r}, dim] exists for {' and '.join(map(str, dimensions))} spatial dimensions, got "
            f"{spatial_dims}; use one of them"
        )
    return partial(layer, spatial_dims=spatial_dims)


def register_convolutions() -> None:
    """Add CONVOLUTIONS to the factory once; a name that someone else has taken is an error, not overwritten."""
    for name in CONVOLUTIONS:
        make = partial(convolution, name)
        if name.upper() not in Conv.names:
            Conv.add_factory_callable(name, make, CONVOLUTIONS[name].__doc__)
            continue
        taken = Conv.components[name.upper()].value
        if _origin(taken) != _origin(make):
            raise ValueError(
                f"a name in MONAI's factory Conv is given once, but {name!r} is {_origin(taken)} already; "
                "register that one under another name"
            )


def _origin(make: Callable[..., Any]) -> str:
    """Where a callable was written; a module that is imported anew makes a new one of the same origin."""
    named = make.func if isinstance(make, partial) else make
    bound = make.args if isinstance(make, partial) else ()
    return f"{named.__module__}.{named.__qualname__}{bound or ''}"
