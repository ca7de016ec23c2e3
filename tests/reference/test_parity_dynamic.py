"""Every dynamic convolution computes what its authors' public code computes: outputs, gradients and buffers."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from srs_monai.networks.dynamic import CondConv, DCDConv, DDConv, DyConv, MAGICConv, ODConv, ScConv


def magic(config: dict[str, Any]) -> MAGICConv:
    sizes = [config[key] for key in ("in_channels", "out_channels", "kernel_size", "stride", "padding")]
    options = {"bias": config["bias"], "temperature": config["temperature"], "reduction": config["ratio"]}
    return MAGICConv(*sizes, num_kernels=config["K"], **options)


def odconv(config: dict[str, Any]) -> ODConv:
    sizes = [config[key] for key in ("in_channels", "out_channels", "kernel_size")]
    named = {key: config[key] for key in ("padding", "groups") if key in config}
    return ODConv(*sizes, num_kernels=config["kernel_num"], **named)


BUILD: dict[tuple[str, str], Callable[[dict[str, Any]], nn.Module]] = {
    ("magic", "magic_k1"): magic,
    ("magic", "magic_k2"): magic,
    ("magic", "magic_k4"): magic,
    ("magic", "magic_k4_bias"): magic,
    ("magic", "magic_k4_sharp"): magic,
    ("dynconv", "condconv_k8"): lambda config: CondConv(16, 24, 3, padding=1, num_kernels=config["K"]),
    ("dynconv", "dcd_16_24"): lambda config: DCDConv(config["in_channels"], config["out_channels"]),
    ("dynconv", "ddconv_8_12"): lambda config: DDConv(8, 12, num_kernels=config["experts"]),
    ("dynconv", "dyconv_t30"): lambda config: DyConv(16, 24, 3, padding=1, num_kernels=config["K"]),
    ("dynconv", "dyconv_t34"): lambda config: DyConv(16, 24, 3, padding=1, num_kernels=config["K"], version="t34"),
    ("dynconv", "odconv_dw"): odconv,
    ("dynconv", "odconv_k1_pw"): odconv,
    ("dynconv", "odconv_k4"): odconv,
    ("dynconv", "scconv_c32"): lambda config: ScConv(config["channels"]),
}
CASES = [pytest.param(*names, id=names[1]) for names in BUILD]


@pytest.fixture
def run(load_case: Callable[..., Any], run_case: Callable[..., Any]) -> Callable[..., Any]:
    """Run our layer of a case in a precision."""

    def run(family: str, name: str, dtype: torch.dtype) -> Any:
        case = load_case(family, name)
        return run_case(case, BUILD[family, name](case.record["config"]), dtype)

    return run


def computed(run: Callable[..., Any], family: str, name: str, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """All that was recorded; DDConv's dropout makes its training random, and there is no record of it."""
    seen: dict[str, torch.Tensor] = run(family, name, dtype).eval()
    return seen if name == "ddconv_8_12" else seen | run(family, name, dtype).train()


@pytest.mark.parametrize(("family", "name"), CASES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_both_precisions_meet_the_original(
    load_case: Callable[..., Any], run: Callable[..., Any], family: str, name: str, dtype: torch.dtype
) -> None:
    case, ours = load_case(family, name), computed(run, family, name, dtype)
    assert {array["name"] for array in case.record["arrays"]} <= set(ours)
    assert case.differences(ours) == {}


@pytest.mark.parametrize(("family", "name"), CASES)
def test_parameters_are_the_originals(load_case: Callable[..., Any], family: str, name: str) -> None:
    record = load_case(family, name).record
    layer = BUILD[family, name](record["config"])
    assert sum(parameter.numel() for parameter in layer.parameters()) == record["params"]
