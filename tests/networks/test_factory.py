"""Our convolutions in MONAI's layer factory."""

import importlib
from functools import partial

import pytest
import torch
from monai.networks.layers.factories import Conv

import srs_monai.networks
from srs_monai.networks import DPConv
from srs_monai.networks.dynamic import DYNAMIC_CONVS
from srs_monai.networks.factory import CONVOLUTIONS, register_convolutions


@pytest.mark.parametrize("spatial_dims", [2, 3])
def test_the_factory_builds_it(spatial_dims: int) -> None:
    layer = Conv["dpconv", spatial_dims](4, 8, 3, guide_channels=2)
    assert isinstance(layer, DPConv)
    x = torch.randn(1, 4, *[5] * spatial_dims)
    assert layer(x, x[:, :2]).shape == (1, 8, *[5] * spatial_dims)


@pytest.mark.parametrize("name", DYNAMIC_CONVS)
@pytest.mark.parametrize("spatial_dims", [2, 3])
def test_the_factory_builds_every_dynamic_convolution_or_says_its_dimensions(name: str, spatial_dims: int) -> None:
    if spatial_dims == 3 and name in ("dcd", "ddconv"):
        with pytest.raises(ValueError, match=rf"Conv\['{name}', dim\] exists for 2 spatial dimensions, got 3"):
            Conv[name, 3]
        return
    layer = Conv[name, spatial_dims](16, 16, 3, padding=1)
    assert isinstance(layer, DYNAMIC_CONVS[name])
    x = torch.randn(2, 16, *[4] * spatial_dims)
    assert layer(x).shape == x.shape


@pytest.mark.parametrize("spatial_dims", [1, 4])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_other_dimensions_are_refused(name: str, spatial_dims: int) -> None:
    with pytest.raises(ValueError, match=f"spatial dimensions, got {spatial_dims}"):
        Conv[name, spatial_dims]


def test_importing_again_registers_nothing_twice() -> None:
    described = Conv.__doc__
    importlib.reload(srs_monai.networks)
    assert Conv.__doc__ == described


@pytest.mark.parametrize("stranger", [lambda dim: torch.nn.Identity, partial(torch.nn.Conv2d)])
def test_a_name_taken_by_someone_else_is_an_error(monkeypatch: pytest.MonkeyPatch, stranger: object) -> None:
    taken = Conv.components["DPCONV"]._replace(value=stranger)
    monkeypatch.setitem(Conv.components, "DPCONV", taken)
    with pytest.raises(
        ValueError, match=r"'dpconv' is .*(<lambda>|Conv2d) already; register that one under another name"
    ):
        register_convolutions()
