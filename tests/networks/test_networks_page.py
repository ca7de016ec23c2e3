"""docs/networks.md is what the code says of itself: sizes are counted, costs are measured in operations."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from dynamic_table import ABOUT
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from srs_monai.networks import (
    DYNAMIC_CONVS,
    DPConv,
    HamburgerResNet18,
    SRSNet,
    TransFuse,
    TransUNet,
    UNetV2,
    dynamic_conv,
)
from srs_monai.networks.factory import CONVOLUTIONS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "networks.md"
RECORDED = Path(__file__).resolve().parents[1] / "reference"
START, END = "<!-- generated from the code -->", "<!-- end -->"
# recorded runs of the original whose names begin so
CASES = {"condconv": "condconv", "dyconv": "dyconv", "odconv": "odconv", "scconv": "scconv", "dcd": "dcd"}
CASES |= {"ddconv": "ddconv", "magic": "magic", "dpconv": "dpconv"}


def cost(network: nn.Module, *inputs: torch.Tensor) -> tuple[int, float]:
    """Parameters, and 10^9 floating-point operations (a multiply-add counts as two) of one forward pass."""
    if not isinstance(network, HamburgerResNet18):  # counted, not computed; autocast knows no such device
        network, inputs = network.to("meta"), tuple(x.to("meta") for x in inputs)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(*inputs)
    return sum(parameter.numel() for parameter in network.parameters()), counter.get_total_flops() / 1e9


def parity(name: str) -> str:
    """How many runs of the original are recorded and met, and whether they include its gradients."""
    cases: list[dict[str, Any]] = []
    for manifest in RECORDED.glob("*/manifest.json"):
        cases += json.loads(manifest.read_text())["cases"]
    met = [case for case in cases if case["name"].startswith(CASES[name])]
    trained = all(any(array["name"] == "train/loss" for array in case["arrays"]) for case in met)
    runs = "1 recorded run" if len(met) == 1 else f"{len(met)} recorded runs"
    return f"{runs}, {'values and gradients' if trained else 'values'}"


def layers() -> list[str]:
    rows = [
        "| name | class | y = | parameters | GFLOP | dimensions | source | licence of the original | equal to it in |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    x, guide = torch.zeros(1, 64, 256, 256), torch.zeros(1, 64, 32, 32)
    static = nn.Conv2d(64, 64, 3, padding=1, bias=False)
    parameters, flops = cost(static, x)
    rows.append(f"| - | Conv2d | conv(x; W) | {parameters:,} | {flops:.3f} | 2, 3 | | | |")
    for name, about in ABOUT.items():
        if name == "dpconv":
            layer, inputs = DPConv(64, 64, guide_channels=64), (x, guide)
        else:
            options = {"num_kernels": 4} if name == "magic" else {}
            layer, inputs = dynamic_conv(name, 64, 64, 3, padding=1, **options), (x,)
        parameters, flops = cost(layer, *inputs)
        dimensions = ", ".join(map(str, CONVOLUTIONS[name].DIMENSIONS))
        rows.append(
            f"| `{name}` | {type(layer).__name__} | {about.formula} | {parameters:,} | {flops:.3f} | {dimensions} | "
            f"{about.source} | {about.licence} | {parity(name)} |"
        )
    return rows


def networks() -> list[str]:
    image = torch.zeros(1, 3, 256, 256)
    built = {
        "SRSNet(), as released": SRSNet(),
        "SRSNet(segmentation_blocks=(6, 8, 12, 6)), the article's": SRSNet(segmentation_blocks=(6, 8, 12, 6)),
        "SRSNet(kernel=None), the segmentation network alone": SRSNet(kernel=None),
        "UNetV2()": UNetV2(deep_supervision=False),
        "HamburgerResNet18()": HamburgerResNet18(),
        "TransUNet(image_size=(256, 256))": TransUNet(image_size=(256, 256)),
        "TransFuse(image_size=(256, 256))": TransFuse(image_size=(256, 256)),
    }
    rows = ["| network | parameters | GFLOP |", "| --- | --- | --- |"]
    for name, network in built.items():
        parameters, flops = cost(network, image)
        rows.append(f"| {name} | {parameters:,} | {flops:.2f} |")
    return rows


def test_the_page_is_current(request: pytest.FixtureRequest) -> None:
    assert set(ABOUT) == {"dpconv", *DYNAMIC_CONVS}
    pytest.importorskip("transformers")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    tables = "\n".join(
        [*layers(), "", "Whole networks, one image of 3 channels and 256 x 256 pixels:", "", *networks()]
    )
    page = f"{before}{START}\n\n{tables}\n\n{END}{after}"
    if request.config.getoption("--update-docs"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "run pytest --update-docs on this file"


@pytest.mark.parametrize(
    ("name", "options", "parameters", "gflop"),
    [
        ("magic", {"num_kernels": 1}, 41_705, 4.849),
        ("magic", {"num_kernels": 2}, 78_583, 4.849),
        ("magic", {"num_kernels": 4}, 152_341, 4.849),
        ("odconv", {}, 150_909, 4.832),
        ("dyconv", {}, 148_800, 4.832),
        ("dyconv", {"version": "t34"}, 148_872, 4.832),
        ("condconv", {"num_kernels": 8}, 295_936, 4.832),
        ("scconv", {}, 7_616, 0.973),
        ("dcd", {}, 48_448, 5.134),
    ],
)
def test_sizes_and_costs_are_the_originals(name: str, options: dict[str, Any], parameters: int, gflop: float) -> None:
    ours = cost(dynamic_conv(name, 64, 64, 3, padding=1, **options), torch.zeros(1, 64, 256, 256))
    assert ours[0] == parameters
    assert ours[1] == pytest.approx(gflop, abs=6e-3)  # the table's were counted without the mixing of kernels


def test_ddconv_on_a_smaller_map() -> None:
    ours = cost(dynamic_conv("ddconv", 64, 64, 3, bias=False), torch.zeros(1, 64, 64, 64))
    assert ours[0] == 378_914
    assert ours[1] == pytest.approx(0.387, abs=6e-3)
