"""Our convolutions in MONAI's layer factory."""

import importlib
import inspect
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from monai.bundle import ConfigParser
from monai.networks.layers.factories import Conv
from torch import nn

import srs_monai.networks
from srs_monai.networks import DPConv, dynamic_conv
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
        with pytest.raises(ValueError, match=rf"Conv\['{name}', dim\] supports 2 spatial dimensions, got 3"):
            Conv[name, 3]
        return
    layer = Conv[name, spatial_dims](16, 16, 3, padding=1)
    assert isinstance(layer, DYNAMIC_CONVS[name])
    x = torch.randn(2, 16, *[4] * spatial_dims)
    assert layer(x).shape == x.shape


OFFERED = [(name, dim) for name, layer in CONVOLUTIONS.items() for dim in layer.DIMENSIONS]
USUAL = [
    {"padding": 1},
    {"padding": "same", "bias": False},
    {"stride": 1, "padding": 1, "dilation": 1, "groups": 1, "bias": True},
    {"kernel_size": (3, 3, 3), "stride": (1, 1, 1), "padding": (1, 1, 1), "dilation": [1, 1, 1]},
]


@pytest.mark.parametrize(("name", "spatial_dims"), OFFERED)
@pytest.mark.parametrize("options", USUAL, ids=str)
def test_every_name_takes_the_arguments_of_a_convolution(name: str, spatial_dims: int, options: dict[str, Any]) -> None:
    usual = {key: value[:spatial_dims] if isinstance(value, tuple | list) else value for key, value in options.items()}
    guided = {"guide_channels": 4} if name == "dpconv" else {}
    x = torch.randn(2, 16, *[4, 5, 3][:spatial_dims])
    for layer in (
        Conv[name, spatial_dims](16, 16, **usual, **guided),
        dynamic_conv(name, 16, 16, **usual, **guided, spatial_dims=spatial_dims),
    ):
        assert type(layer) is CONVOLUTIONS[name]
        assert layer(*([x, x[:, :4]] if guided else [x])).shape == x.shape


@pytest.mark.parametrize(("name", "spatial_dims"), OFFERED)
def test_arguments_have_the_order_of_a_convolutions(name: str, spatial_dims: int) -> None:
    guided = {"guide_channels": 4} if name == "dpconv" else {}
    ordered = (16, 16, 3, 1, 1, 1, 1, True)
    names = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias")
    assert list(inspect.signature(nn.Conv2d).parameters)[: len(names)] == list(names)
    one = Conv[name, spatial_dims](*ordered, **guided)
    other = dynamic_conv(name, *ordered, spatial_dims=spatial_dims, **guided)
    named = Conv[name, spatial_dims](**dict(zip(names, ordered, strict=True)), **guided)
    shapes = [{key: value.shape for key, value in layer.state_dict().items()} for layer in (one, other, named)]
    assert shapes[0] == shapes[1] == shapes[2]


def test_what_dpconv_cannot_do_is_said_where_it_is_built() -> None:
    with pytest.raises(ValueError, match="guide_channels, got none"):
        Conv["dpconv", 2](8, 8, 3, padding=1)
    with pytest.raises(ValueError, match="got stride 2"):
        dynamic_conv("dpconv", 8, 8, 3, stride=2, padding=1, guide_channels=4)


def test_the_names_are_there_once_the_package_is_imported() -> None:
    code = "import srs_monai; from monai.networks.layers import Conv; print(Conv['magic', 2](16, 16, 3, padding=1))"
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("MAGICConv(")


def test_the_names_are_there_in_a_configuration() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")
    shown = page[page.index("    imports:\n") :].partition("\n\n")[0]
    parser = ConfigParser(yaml.safe_load(textwrap.dedent(shown)))
    assert isinstance(parser.get_parsed_content("layer"), CONVOLUTIONS["magic"])


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
    with pytest.raises(ValueError, match=r"'dpconv' is .*(<lambda>|Conv2d) already; register"):
        register_convolutions()
