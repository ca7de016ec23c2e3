"""Original checkpoints: what is accepted, what is reported, what is refused. Values are tested in tests/reference."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from srs_monai.interop import load_original_checkpoint
from srs_monai.interop.original_names import original_name
from srs_monai.networks import DPConv, DyConv, ReconstructionNet, SegmentationNet, SRSNet

MANIFEST = Path(__file__).parents[1] / "reference" / "srsnet" / "manifest.json"


def original(name: str) -> dict[str, Tensor]:
    """A state dict as the original writes it, with random values."""
    cases = {case["name"]: case for case in json.loads(MANIFEST.read_text())["cases"]}
    counter = {"int64": lambda shape: torch.tensor(3), "float32": torch.randn}
    return {entry["key"]: counter[entry["dtype"]](entry["shape"]) for entry in cases[name]["entries"]}


@pytest.fixture(scope="module")
def segmentation() -> dict[str, Tensor]:
    return original("segmentation_3463")


@pytest.fixture(scope="module")
def reconstruction() -> dict[str, Tensor]:
    return original("reconstruction_5555")


@pytest.fixture
def layer_state() -> dict[str, Tensor]:
    return original("dpconv_k3")


@pytest.fixture
def layer() -> DPConv:
    return DPConv(8, 12, guide_channels=8)


def copy(model: nn.Module) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in model.state_dict().items()}


def same(model: nn.Module, before: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_a_pair_fills_one_network(segmentation: dict[str, Tensor], reconstruction: dict[str, Tensor]) -> None:
    model = SRSNet()
    report = load_original_checkpoint(model, segmentation=segmentation, reconstruction=reconstruction)
    state = model.state_dict()
    for part, theirs in {"segmentation": segmentation, "reconstruction": reconstruction}.items():
        for key in ("conv1.0.weight", "conv0_3.1.CONV.bias", "fup1.conv.1.running_var"):
            assert torch.equal(state[report.mapping[f"{part}.{key}"]], theirs[key])
    assert report.mapping["segmentation.PKernel_D2.Conv.2.weight"] == "segmentation.dpconv.to_kernel.weight"
    assert report.mapping["reconstruction.conv2_1.3.ca.fc1.weight"] == (
        "reconstruction.decoder.nodes.2_1.3.channel_attention.fc1.weight"
    )
    assert report.missing == ()
    assert len(report.mapping) + len(report.ignored) == len(segmentation) + len(reconstruction)
    assert sorted(report.mapping.values()) == sorted(state)
    assert {key.split(".")[1] for key in report.ignored if key.startswith("segmentation")} == {
        "IPATR0", "IPATR1", "IPATR2", "conv0_3_1x1", "bottomuplocal_fpn_1", "bottomuplocal_fpn_2", "bottomuplocal_fpn_3"
    }  # fmt: skip


def test_half_a_pair_leaves_the_other_network(reconstruction: dict[str, Tensor]) -> None:
    model = SRSNet()
    before = copy(model.segmentation)
    report = load_original_checkpoint(model, reconstruction=reconstruction)
    assert report.missing == tuple(key for key in model.state_dict() if key.startswith("segmentation."))
    assert same(model.segmentation, before)
    assert torch.equal(
        model.state_dict()[report.mapping["reconstruction.conv1.0.bias"]], reconstruction["conv1.0.bias"]
    )


@pytest.mark.parametrize("wrap", [
    lambda state: state,
    lambda state: {f"module.{key}": value for key, value in state.items()},
    lambda state: {"state_dict": state, "epoch": 7},
    lambda state: {"state_dict": {f"module.{key}": value for key, value in state.items()}},
])  # fmt: skip
def test_files_as_people_save_them(
    tmp_path: Path, layer: DPConv, layer_state: dict[str, Tensor], wrap: Callable[[dict[str, Tensor]], Any]
) -> None:
    torch.save(wrap(layer_state), tmp_path / "layer.pth")
    report = load_original_checkpoint(layer, tmp_path / "layer.pth")
    assert report.mapping == {
        "Conv.0.weight": "mix.weight",
        "Conv.0.bias": "mix.bias",
        "Conv.2.weight": "to_kernel.weight",
        "Conv.2.bias": "to_kernel.bias",
        "ca.fc1.weight": "gate.channel_attention.fc1.weight",
        "ca.fc2.weight": "gate.channel_attention.fc2.weight",
        "sa.conv1.weight": "gate.spatial_attention.conv.weight",
    }
    assert all(torch.equal(layer.state_dict()[ours], layer_state[theirs]) for theirs, ours in report.mapping.items())


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SegmentationNet(blocks=(6, 8, 12, 6)), r"'conv0_0.3.conv1.weight' is absent in the state dict and "
         r"\(16, 16, 3, 3\) in this SegmentationNet"),
        (lambda: SegmentationNet(blocks=(2, 4, 6, 3)), r"'conv0_0.2.conv1.weight' is \(16, 16, 3, 3\) in .* absent in"),
        (lambda: SegmentationNet(out_channels=9), r"'mask_head_1x1.weight' is \(1, 16, 1, 1\) in .* \(9, 16, 1, 1\)"),
        (lambda: SegmentationNet(in_channels=1), r"'conv1.0.weight' is \(8, 3, 3, 3\) in .* and \(8, 1, 3, 3\) in"),
        (lambda: SegmentationNet(generator="dense"), r"'PKernel_D2.Conv.2.weight' is \(589824, 1, 1, 1\) in"),
        (lambda: SegmentationNet(gate=False), r"'PKernel_D2.ca.fc1.weight' is \(8, 64, 1, 1\) in .* and absent in"),
        (ReconstructionNet, r"'conv1.0.weight' is \(8, 3, 3, 3\) in .* and \(16, 3, 3, 3\) in this ReconstructionNet"),
        (lambda: SegmentationNet(3), r"'conv1.0.weight' is \(8, 3, 3, 3\) in .* and \(8, 3, 3, 3, 3\) in"),
    ],
)  # fmt: skip
def test_another_network_is_refused_untouched(
    segmentation: dict[str, Tensor], build: Callable[[], nn.Module], message: str
) -> None:
    model = build()
    before = copy(model)
    with pytest.raises(ValueError, match=message):
        load_original_checkpoint(model, segmentation)
    assert same(model, before)


def test_a_pair_is_loaded_whole_or_not_at_all(
    segmentation: dict[str, Tensor], reconstruction: dict[str, Tensor]
) -> None:
    model = SRSNet()
    before = copy(model)
    shorter = {key: value for key, value in reconstruction.items() if key != "mask_head_1x1.bias"}
    with pytest.raises(ValueError, match=r"'mask_head_1x1.bias' is absent in the state dict and \(3,\) in this Recon"):
        load_original_checkpoint(model, segmentation=segmentation, reconstruction=shorter)
    with pytest.raises(ValueError, match="must belong to the network"):  # the two files interchanged
        load_original_checkpoint(model, segmentation=reconstruction, reconstruction=segmentation)
    assert same(model, before)


def test_the_call_must_fit_the_model(layer: DPConv, layer_state: dict[str, Tensor]) -> None:
    model = SRSNet(segmentation_blocks=(1, 1, 1, 1), reconstruction_blocks=(1, 1, 1, 1))
    with pytest.raises(ValueError, match=r"got one without a name; call .*segmentation=.*reconstruction="):
        load_original_checkpoint(model, layer_state)
    with pytest.raises(ValueError, match="got none; call"):
        load_original_checkpoint(model)
    with pytest.raises(ValueError, match=r"a DPConv .*load_original_checkpoint\(model, checkpoint\)"):
        load_original_checkpoint(layer, segmentation=layer_state)


class Trap:
    """Writes a file when it is unpickled as code."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_code_in_a_file_is_never_executed(tmp_path: Path, layer: DPConv, layer_state: dict[str, Tensor]) -> None:
    before = copy(layer)
    torch.save({"state_dict": layer_state, "extra": Trap(tmp_path / "sprung")}, tmp_path / "trap.pth")
    (tmp_path / "bare.pkl").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    for name in ("trap.pth", "bare.pkl"):
        with pytest.raises(ValueError, match=rf"{name} (.* not executed|cannot be read .*pickle)"):
            load_original_checkpoint(layer, tmp_path / name)
    assert not (tmp_path / "sprung").exists()
    assert same(layer, before)


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, 0.99])
def test_a_damaged_file_is_refused_by_name(
    tmp_path: Path, layer: DPConv, layer_state: dict[str, Tensor], kept: float
) -> None:
    torch.save(layer_state, tmp_path / "whole.pth")
    content = (tmp_path / "whole.pth").read_bytes()
    cut = kept if isinstance(kept, int) else int(kept * len(content))
    (tmp_path / "cut.pth").write_bytes(content[:cut])
    with pytest.raises(
        ValueError, match=r"cut\.pth (cannot be read as a checkpoint: .*\w|is damaged: .*\w|.* not executed; .*\w)"
    ):
        load_original_checkpoint(layer, tmp_path / "cut.pth")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (torch.zeros(3), "holds a Tensor"),
        ({"model": {"a": torch.zeros(3)}}, "has a dict at 'model'"),
        ({"state_dict": {"lr": 0.1}}, "has a float at 'lr'"),
        ({}, "'ca.fc1.weight' is absent in .* in this DPConv"),
    ],
)
def test_something_else_than_a_state_dict_is_refused(tmp_path: Path, layer: DPConv, content: Any, message: str) -> None:
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=message):
        load_original_checkpoint(layer, tmp_path / "other.pth")


def test_a_missing_file_is_named(tmp_path: Path, layer: DPConv) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.pth"):
        load_original_checkpoint(layer, tmp_path / "nowhere.pth")


def test_an_srsnet_without_reconstruction_takes_no_file_for_one() -> None:
    sizes = {"segmentation_features": (8, 16), "segmentation_blocks": (1, 1)}
    with pytest.raises(ValueError, match="got a file for one"):
        load_original_checkpoint(SRSNet(kernel=None, **sizes), reconstruction={})


def test_a_lowered_temperature_is_no_weight_of_the_original() -> None:
    layer = DyConv(16, 16)
    theirs = {original_name(layer, key): value for key, value in layer.state_dict().items()}
    layer.temperature = 2.0
    report = load_original_checkpoint(layer, theirs)
    assert report.missing == report.ignored == ()
    assert layer.temperature == 30.0
