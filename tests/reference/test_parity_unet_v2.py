"""Our U-Net v2 and its encoder compute what the release's code computes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from srs_monai.interop import load_original_checkpoint
from srs_monai.networks import SDI, PVTv2, UNetV2

pytest.importorskip("transformers")
CHANNELS = (64, 128, 320, 512)


class Given(nn.Module):
    """An encoder whose maps are given from outside."""

    channels = CHANNELS
    maps: tuple[Tensor, ...]

    def forward(self, image: Tensor) -> list[Tensor]:
        return list(self.maps)


def first_block(config: dict[str, Any]) -> nn.Module:
    """The first block of the encoder's stage that has the case's reduction, with the case's sizes."""
    from transformers import PvtV2Config
    from transformers.models.pvt_v2.modeling_pvt_v2 import PvtV2BlockLayer

    sizes = {key: [config[name]] for key, name in (("hidden_sizes", "dim"), ("num_attention_heads", "heads"))}
    sizes |= {"mlp_ratios": [config["mlp_ratio"]], "sr_ratios": [config["sr_ratio"]]}
    block = PvtV2BlockLayer(PvtV2Config(layer_norm_eps=1e-6, **sizes), layer_idx=0)
    if config["sr_ratio"] > 1:
        block.attention.layer_norm.eps = 1e-5
    return block


BUILD: dict[str, Callable[[dict[str, Any]], nn.Module]] = {
    "decoder_c32": lambda config: UNetV2(features=config["channel"], encoder=Given()),
    "sdi_c8": lambda config: SDI(config["channels"]),
    "pvt_block_sr1": first_block,
    "pvt_block_sr8": first_block,
    "pvt_patch_embed1": lambda config: PVTv2().backbone.encoder.layers[0].patch_embedding,
}


def call_of(name: str, module: nn.Module, config: dict[str, Any]) -> Callable[..., Any]:
    """How the case's inputs go into our module, and what comes out of it."""
    if name == "sdi_c8":
        return lambda *maps: module(maps, maps[1].shape[2:])
    if name == "decoder_c32":

        def decode(*maps: Tensor) -> Any:
            module.encoder.maps = maps
            return module(torch.zeros(2, 3, 64, 64))

        return decode
    if name == "pvt_patch_embed1":
        return lambda image: module(image)[0]
    return lambda tokens: module(tokens, *config["grid"])[0]


def together(seen: dict[str, Tensor], case: Any) -> dict[str, Tensor]:
    """Gradients of keys and values as the release has them, in one layer."""
    for kind in ("weight", "bias"):
        halves = [seen.pop(f"train/grad/attn.kv/{part}.{kind}", None) for part in ("key", "value")]
        if halves[0] is not None:
            seen[f"train/grad/attn.kv.{kind}"] = torch.cat(halves)
    if "train/grad/attn.kv.weight" in seen:
        gradients = [seen[f"train/grad/{entry['key']}"] for entry in case.trainable]
        seen["train/grad_norms"] = torch.stack([gradient.norm() for gradient in gradients])
    return seen


@pytest.mark.parametrize("name", BUILD)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_both_precisions_meet_the_original(
    load_case: Callable[..., Any], run_case: Callable[..., Any], name: str, dtype: torch.dtype
) -> None:
    case = load_case("unetv2", name)
    seen: dict[str, Tensor] = {}
    for mode in ("eval", "train"):
        module = BUILD[name](case.record["config"])
        run = run_case(case, module, dtype)
        run.call = call_of(name, module, case.record["config"])
        seen |= getattr(run, mode)()
    seen = together(seen, case)
    assert {array["name"] for array in case.record["arrays"]} <= set(seen)
    assert case.differences(seen) == {}


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((Path(__file__).parent / "unetv2" / "keys_full.json").read_text())
    return recorded


def zeros(entries: list[dict[str, Any]]) -> dict[str, Tensor]:
    return {entry["key"]: torch.zeros(entry["shape"]) for entry in entries}


@pytest.mark.parametrize("heads", [2, 4])
def test_every_key_of_the_release_has_its_place(whole: dict[str, Any], heads: int) -> None:
    network = UNetV2(heads=heads)
    report = load_original_checkpoint(network, zeros(whole["entries"]))
    assert report.missing == ()
    unused = {"deconv5.weight"} | {f"seg_outs.{i}.{kind}" for i in range(4 - heads) for kind in ("weight", "bias")}
    assert set(report.ignored) == unused
    assert not any(value.any() for value in network.parameters())
    parameters = sum(value.numel() for value in network.parameters())
    assert parameters == 25_145_036 - 16_450 + (66 if heads == 4 else 0)


def test_all_332_keys_of_the_encoder_and_a_pretrained_file(whole: dict[str, Any]) -> None:
    prefix = "encoder.backbone."
    encoder = [entry for entry in whole["entries"] if entry["key"].startswith(prefix)]
    assert len(encoder) == 332
    state = {key.removeprefix(prefix): value for key, value in zeros(encoder).items()}
    network = UNetV2()
    report = load_original_checkpoint(
        network.encoder, state | {"head.weight": torch.zeros(1000, 512), "head.bias": torch.zeros(1000)}
    )
    assert report.missing == ()
    assert set(report.ignored) == {"head.weight", "head.bias"}
    assert sum(value.numel() for value in network.encoder.parameters()) == 24_849_856
