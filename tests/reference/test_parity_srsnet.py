"""Our SRSNet computes what the authors' released code computes: outputs, gradients, buffers and what lies between.

Weights come in through the importer, so its table of names is held to every entry of every case.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from srs_monai.networks import BLAM, IPATR, CBAMResidual, DPConv, ReconstructionNet, SegmentationNet
from srs_monai.networks.layers.dpconv import GuideGate
from srs_monai.networks.nets.dense_nested import DenseNestedDecoder, enlarge, halve


def dpconv(config: dict[str, Any]) -> DPConv:
    sizes = (config["in_channels"], config["out_channels"], config["kernel_size"])
    return DPConv(*sizes, guide_channels=config["info_channels"])


def reconstruction(config: dict[str, Any]) -> ReconstructionNet:
    return ReconstructionNet(2, 3, config["widths"], config["blocks"], config["stem"])


BUILD: dict[str, Callable[[dict[str, Any]], nn.Module]] = {
    "dpconv_k1": dpconv,
    "dpconv_k3": dpconv,
    "dpconv_k5": dpconv,
    "resblock_8_to_16": lambda config: CBAMResidual(config["in_channels"], config["out_channels"]),
    "ipatr_c8": lambda config: IPATR(config["channels"]),
    "blam_c16": lambda config: BLAM(config["channels"]),
    "reconstruction_5555": reconstruction,
    "reconstruction_encoder_5555": reconstruction,
    "segmentation_3463": lambda config: SegmentationNet(2, 3, 1, config["widths"], config["blocks"], config["stem"]),
}


@pytest.fixture
def run(run_case: Callable[..., Any]) -> Callable[..., Any]:
    """Run our module of a case in a precision."""
    return lambda case, dtype: run_case(case, BUILD[case.record["name"]](case.record["config"]), dtype)


@pytest.mark.parametrize("name", BUILD)
def test_double_precision_meets_the_original_in_everything_recorded(
    load_case: Callable[..., Any], run: Callable[..., Any], name: str
) -> None:
    case = load_case("srsnet", name)
    computed = run(case, torch.float64).eval() | run(case, torch.float64).train()
    if case.record["inputs256"]:
        computed |= run(case, torch.float64).eval256()
    assert {array["name"] for array in case.record["arrays"]} <= set(computed)
    assert case.differences(computed) == {}


@pytest.mark.parametrize("name", BUILD)
def test_single_precision_stays_within_the_originals_own_noise(
    load_case: Callable[..., Any], run: Callable[..., Any], name: str
) -> None:
    case = load_case("srsnet", name)
    computed = run(case, torch.float32).eval() | run(case, torch.float32).train()
    if case.record["inputs256"]:
        computed |= run(case, torch.float32).eval256()
    deep = len(case.record["entries"]) > 100
    if deep:  # single choices of ReLU and pooling flip between precisions: gradients are judged in double precision
        computed = {key: value for key, value in computed.items() if "/grad" not in key}
    assert case.differences(computed) == {}


@pytest.mark.parametrize("name", BUILD)
def test_gradient_norms_agree_one_by_one(load_case: Callable[..., Any], run: Callable[..., Any], name: str) -> None:
    """Each for itself: a tolerance relative to the largest lets the small ones pass."""
    case = load_case("srsnet", name)
    ours, theirs = run(case, torch.float64).train()["train/grad_norms"], case.stored["train_f64/grad_norms"].double()
    rounding = 1e-12 * theirs.nan_to_num().max().item()  # of gradients that vanish, as before batch normalisation
    torch.testing.assert_close(ours, theirs, rtol=2e-6, atol=rounding, equal_nan=True)


def swapped_fusion(self: BLAM, fine: Tensor, coarse: Tensor) -> Tensor:
    return self.fuse(torch.cat([self.refine(fine), self.eca(coarse)], dim=1))


def position_before_channel(self: CBAMResidual, x: Tensor) -> Tensor:
    y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
    y = self.spatial_attention(y) * y
    y = self.channel_attention(y) * y
    return F.relu(y + self.shortcut(x))


def usual_attention(self: GuideGate, guide: Tensor) -> Tensor:
    guide = self.channel_attention(guide) * guide
    return self.spatial_attention(guide) * guide


def repeat_before_the_level_below(self: DenseNestedDecoder, levels: list[Tensor]) -> list[list[Tensor]]:
    rows = [[level] for level in levels]
    for name, node in self.nodes.items():
        i, j = self.places[name]
        links = [rows[i][j - 1], *rows[i][: j - 1][-1:], enlarge(rows[i + 1][j - 1], 2)]
        if i > 0:
            links.append(halve(rows[i - 1][j]))
        rows[i].append(node(links))
    return rows


@pytest.mark.parametrize(
    ("name", "part", "method", "other"),
    [
        ("blam_c16", BLAM, "forward", swapped_fusion),
        ("resblock_8_to_16", CBAMResidual, "forward", position_before_channel),
        ("dpconv_k3", GuideGate, "forward", usual_attention),
        ("segmentation_3463", BLAM, "forward", swapped_fusion),
        ("segmentation_3463", CBAMResidual, "forward", position_before_channel),
        ("segmentation_3463", GuideGate, "forward", usual_attention),
        ("segmentation_3463", DenseNestedDecoder, "_fill_grid", repeat_before_the_level_below),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_another_order_is_noticed(
    load_case: Callable[..., Any],
    run: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    part: type[nn.Module],
    method: str,
    other: Callable[..., Any],
    dtype: torch.dtype,
) -> None:
    case = load_case("srsnet", name)
    assert case.differences(run(case, dtype).eval()) == {}
    monkeypatch.setattr(part, method, other)
    assert "eval/out0" in case.differences(run(case, dtype).eval())
