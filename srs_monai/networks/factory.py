"""Our convolutions under their names in MONAI's layer factory, so that Conv["dpconv", 2] builds one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from monai.networks.layers.factories import Conv

from srs_monai.networks.layers.dpconv import DPConv


def dpconv(spatial_dims: int) -> Callable[..., DPConv]:
    """Dynamic-parameter convolution of SRSNet, whose kernel a guide feature writes."""
    if spatial_dims not in (2, 3):
        raise ValueError(
            f"Conv['dpconv', dim] exists for 2 and 3 spatial dimensions, got {spatial_dims}; use one of them"
        )
    return partial(DPConv, spatial_dims=spatial_dims)


CONVOLUTIONS: dict[str, Callable[[int], Callable[..., Any]]] = {"dpconv": dpconv}


def register_convolutions() -> None:
    """Add CONVOLUTIONS to the factory once; a name that someone else has taken is an error, not overwritten."""
    for name, make in CONVOLUTIONS.items():
        if name.upper() not in Conv.names:
            Conv.add_factory_callable(name, make)
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
    return f"{named.__module__}.{named.__qualname__}"
