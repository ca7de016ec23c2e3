"""One thing done in another order, or in another way, is noticed: the recorded runs can tell."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks import SDI, CondConv, DCDConv, DDConv, DyConv, MAGICConv, ODConv, ScConv, UNetV2
from srs_monai.networks.blocks import sdi
from srs_monai.networks.dynamic import ddconv
from srs_monai.networks.dynamic.kernel_bank import KernelBank
from srs_monai.networks.nets import unet_v2
from srs_monai.networks.nets.unet_v2 import Skip

CHANNELS = (64, 128, 320, 512)


class Given(nn.Module):
    """An encoder whose maps are given from outside."""

    channels = CHANNELS
    maps: tuple[Tensor, ...]

    def forward(self, image: Tensor) -> list[Tensor]:
        return list(self.maps)


def decoder() -> UNetV2:
    return UNetV2(encoder=Given())


def call(name: str, module: nn.Module) -> Callable[..., Any]:
    """How a case's inputs go in."""
    if name == "sdi_c8":
        return lambda *maps: module(maps, maps[1].shape[2:])
    if name != "decoder_c32":
        return module

    def decode(*maps: Tensor) -> Any:
        module.encoder.maps = maps
        return module(torch.zeros(2, 3, 64, 64))

    return decode


def kernels_turned_round(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda self, x, weights: original(self, x, weights.flip(1))


def recalculated_after(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def attention(self: MAGICConv, x: Tensor) -> Tensor:
        logits = self.route(x)
        return self.recalculate(logits).flatten(1) * (logits.flatten(1) / self.temperature).softmax(1)

    return attention


def softmax_of_experts(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda self, x: self.route(x.mean((2, 3), keepdim=True)).flatten(1).softmax(1)


def no_temperature(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda self, x: self.route(x.mean((2, 3), keepdim=True)).flatten(1).softmax(1)


def positions_transposed(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda self, hidden: original(self, hidden).transpose(3, 4)


def parts_not_crossed(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda self, x: original(self, x).roll(x.shape[1] // 2, dims=1)


def mixed_from_the_right(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def forward(self: DCDConv, x: Tensor) -> Tensor:
        rank = self.reduce.out_channels
        weight = self.to_mixing.weight.data
        self.to_mixing.weight.data = weight.unflatten(0, [rank, rank]).transpose(0, 1).flatten(0, 1)
        try:
            return original(self, x)
        finally:
            self.to_mixing.weight.data = weight

    return forward


def columns_first(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda like, axis, stride, dilation: original(like.transpose(3, 4), 1 - axis, stride, dilation).transpose(
        3, 4
    )


def position_before_channel(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def forward(self: Skip, x: Tensor) -> Tensor:
        x = self.spatial_attention(x) * x
        x = self.channel_attention(x) * x
        return self.reduce(x)

    return forward


def corners_otherwise(original: Any) -> Any:
    class Functional:
        """torch.nn.functional, but for where corners lie."""

        def __getattr__(self, name: str) -> Any:
            return getattr(F, name)

        def interpolate(self, x: Tensor, **options: Any) -> Tensor:
            return F.interpolate(x, **options | {"align_corners": not options["align_corners"]})

    return Functional()


MUTATIONS: dict[str, tuple[str, str, Callable[[], nn.Module], Any, str, Callable[..., Any]]] = {
    "kernel order, magic": (
        "magic", "magic_k4_sharp", lambda: MAGICConv(32, 8, 3, padding=1, num_kernels=4, temperature=1),
        KernelBank, "mixture", kernels_turned_round,
    ),
    "kernel order, condconv": (
        "dynconv", "condconv_k8", lambda: CondConv(16, 24, 3, padding=1, num_kernels=8),
        KernelBank, "mixture", kernels_turned_round,
    ),
    "softmax place, magic": (
        "magic", "magic_k4", lambda: MAGICConv(16, 24, 3, padding=1, num_kernels=4),
        MAGICConv, "attention", recalculated_after,
    ),
    "softmax for sigmoid, condconv": (
        "dynconv", "condconv_k8", lambda: CondConv(16, 24, 3, padding=1, num_kernels=8),
        CondConv, "attention", softmax_of_experts,
    ),
    "temperature, dyconv": (
        "dynconv", "dyconv_t34", lambda: DyConv(16, 24, 3, padding=1, version="t34"),
        DyConv, "attention", no_temperature,
    ),
    "positions, odconv": (
        "dynconv", "odconv_k4", lambda: ODConv(16, 24, 3, padding=1), ODConv, "_kernel", positions_transposed,
    ),
    "halves, scconv": ("dynconv", "scconv_c32", lambda: ScConv(32), ScConv, "_spatial_unit", parts_not_crossed),
    "matrix, dcd": ("dynconv", "dcd_16_24", lambda: DCDConv(16, 24), DCDConv, "forward", mixed_from_the_right),
    "rows and columns, ddconv": (
        "dynconv", "ddconv_8_12", lambda: DDConv(8, 12), ddconv, "_places", columns_first,
    ),
    "attention order, unet v2": ("unetv2", "decoder_c32", decoder, Skip, "forward", position_before_channel),
    "align_corners, sdi": ("unetv2", "sdi_c8", lambda: SDI(8), sdi, "F", corners_otherwise),
    "align_corners, heads": ("unetv2", "decoder_c32", decoder, unet_v2, "F", corners_otherwise),
}  # fmt: skip


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_change_is_noticed(
    load_case: Callable[..., Any],
    run_case: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    mutation: str,
    dtype: torch.dtype,
) -> None:
    family, name, build, owner, what, change = MUTATIONS[mutation]
    case = load_case(family, name)

    def differences() -> dict[str, str]:
        module = build()
        run = run_case(case, module, dtype)
        run.call = call(name, module)
        found: dict[str, str] = case.differences(run.eval())
        return found

    assert differences() == {}
    monkeypatch.setattr(owner, what, change(getattr(owner, what)))
    assert "eval/out0" in differences()
