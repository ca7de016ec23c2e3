"""What is written beside weights is data: plain values that another run can take, and nothing that runs."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from monai.bundle import ConfigParser, ConfigWorkflow
from monai.transforms import Transform

from srs_monai import __version__
from srs_monai.config.settings import (
    PARTS,
    PROVENANCE,
    VALUES,
    TrainedSettings,
    read_settings,
    settings_of,
    settings_path,
    split_of_run,
    write_settings,
)
from srs_monai.config.settings.catalogue import NETWORKS, check_component
from srs_monai.config.settings.schema import REFERENCES

ROOT = Path(__file__).resolve().parents[3]
OVERLAYS = sorted(path for path in (ROOT / "configs").rglob("*.yaml") if path.parent.name != "experiments")
SHIPPED = ROOT / "bundle"
CONFIG = """
imports: [$import srs_monai, $import srs_monai.config]
workflow: $srs_monai.config.running_workflow()
recipe: null
image_size: [64, 48]
antialias: "False"
in_channels: "$1 + 2"
window_width: 350
epochs: 7
bgr: true
scaling:
  _target_: srs_monai.data.transforms.ToUnitRanged
  keys: image
  intensity: window
  window_width: "@window_width"
normalization: {_target_: srs_monai.data.transforms.ReleaseNormalized, keys: image, bgr: "@bgr"}
network_def: "@other"
other:
  _target_: UNet
  spatial_dims: 2
  in_channels: "@in_channels"
  out_channels: 1
  channels: "$[2] * 2"
  strides: [1]
  norm: null
lists: {training: [1, 2, 3], validation: [4], test: []}
run: ["$srs_monai.config.write_settings(@weights, @workflow, dataset_dir=@data, datalists=@lists)"]
"""
EXPECTED = {
    "recipe": None,
    "image_size": [64, 48],
    "antialias": False,
    "in_channels": 3,
    "window_width": 350,
    "scaling": {
        "_target_": "srs_monai.data.transforms.ToUnitRanged",
        "keys": "image",
        "intensity": "window",
        "window_width": "@window_width",
    },
    "normalization": {"_target_": "srs_monai.data.transforms.ReleaseNormalized", "keys": "image", "bgr": True},
    "network_def": {
        "_target_": "UNet",
        "spatial_dims": 2,
        "in_channels": "@in_channels",
        "out_channels": 1,
        "channels": [2, 2],
        "strides": [1],
        "norm": None,
    },
}


def write(folder: Path, **values: Any) -> Path:
    (folder / "train.yaml").write_text(CONFIG)
    weights = folder / "a run" / "model.pt"
    workflow = ConfigWorkflow(
        str(folder / "train.yaml"),
        logging_file=False,
        weights=str(weights),
        data=str(folder / "data" / "BUSI"),
        **values,
    )
    workflow.initialize()
    workflow.run()
    return weights


def test_a_runs_settings_are_read_as_they_were_meant(tmp_path: Path) -> None:
    weights = write(tmp_path)
    assert settings_path(weights) == tmp_path / "a run" / "model.json"
    settings = read_settings(weights)
    assert settings is not None
    assert settings.values == EXPECTED
    images = {"training": 3, "validation": 1}
    assert settings.provenance == {"srs_monai": __version__, "dataset": "BUSI", "images": images}
    assert settings.warning == ""
    assert str(tmp_path) not in settings.path.read_text(), "no path of this machine is handed on"
    assert [path.name for path in weights.parent.iterdir()] == ["model.json"]


def test_inference_gets_the_values_back(tmp_path: Path) -> None:
    trained = TrainedSettings(write(tmp_path))
    assert {name: trained.get(name) for name in VALUES if name in EXPECTED} == {
        name: value for name, value in EXPECTED.items() if name in VALUES
    }
    values = {"intensity": "window", "window_level": 40.0, "window_width": 100}
    scaled = trained.build("scaling", values)({"image": torch.tensor([[[65.0]]])})["image"]
    assert scaled.item() == 0.75, "a single value still decides: 65 HU in the window from -10 to 90"


def test_a_network_of_ones_own_is_written_and_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    weights = write(tmp_path, other={"_target_": "own_package.Network", "width": 3})
    assert "own_package.Network" in caplog.text
    assert "--trust-settings; in bundle commands --trust_settings true" in caplog.text
    settings = read_settings(weights)
    assert settings is not None
    assert settings.values["network_def"] == {"_target_": "own_package.Network", "width": 3}


def test_a_value_of_several_forms_is_kept_in_one(tmp_path: Path) -> None:
    names = {"label_names": ["liver"], "resolved_label_names": "$@named.copy()", "named": {"1": "liver"}}
    settings = read_settings(write(tmp_path, **names))
    assert settings is not None
    assert settings.values == {**EXPECTED, "label_names": {"1": "liver"}}


def test_programs_are_not_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, normalization={"_target_": "Lambdad", "keys": "image", "func": ["$lambda x: x"]})
    assert "there is a function at normalization#func#0; inference needs this run's overlays" in caplog.text
    assert not (tmp_path / "a run").exists()


@pytest.mark.parametrize("odd", [{"_mode_": "callable"}, {"text": "x" * 501}, {"channels": [[1] * 300]}, {"x": 2e9}])
def test_what_settings_do_not_hold_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, odd: dict[str, Any]
) -> None:
    """Such a network is the user's own business, and its training goes on."""
    write(tmp_path, other={"_target_": "own_package.Network", **odd})
    assert "no settings are written beside" in caplog.text
    assert not (tmp_path / "a run").exists()


def test_weights_without_settings_have_none(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "model.pt") is None
    write_settings(tmp_path / "model.pt", None, dataset_dir=tmp_path, datalists={})  # no configuration is being run
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_settings_of_every_overlay_can_be_handed_on(tmp_path: Path, overlay: Path) -> None:
    before = ["networks/unet_v2.yaml"] if overlay.stem.startswith("unet_v2_") else []  # what it is put after
    files = [SHIPPED / "configs" / "train.yaml", *(ROOT / "configs" / name for name in before), overlay]
    settings = settings_of(ConfigParser(ConfigParser.load_config_files([str(file) for file in files])))
    settings_path(tmp_path / "model.pt").write_text(json.dumps({PROVENANCE: {}, **settings}))
    read = read_settings(tmp_path / "model.pt")
    assert read is not None
    assert read.values == settings
    trained = TrainedSettings(tmp_path / "model.pt")
    handed = ConfigParser.load_config_file(SHIPPED / "configs" / "inference.yaml")["values"]  # by inference, to parts
    values = {name: settings[name] for name in handed}
    for part in ("cropping", "scaling", "normalization"):
        assert isinstance(trained.build(part, values), Transform)
    check_component(settings["network_def"], "network_def", NETWORKS)
    assert {f"@{name}" for name in handed} == set(REFERENCES)


def test_weights_without_settings_are_taken_for_the_default_training() -> None:
    train = settings_of(ConfigParser(ConfigParser.load_config_file(SHIPPED / "configs" / "train.yaml")))
    for name in ("inference", "evaluate"):
        file = SHIPPED / "configs" / f"{name}.yaml"
        parser = ConfigParser(ConfigParser.load_config_file(file) | {"ckpt_path": "nowhere/model.pt"})
        assert settings_of(parser) == train, name


def test_what_training_and_inference_share_is_a_setting() -> None:
    """A value that stands in both files is handed on, or is one of those that no mask depends on."""
    train, inference = (
        set(yaml.safe_load((SHIPPED / "configs" / f"{n}.yaml").read_text())) for n in ("train", "inference")
    )
    machine = {"imports", "bundle_root", "dataset_dir", "output_dir", "overwrite", "device", "torch_device"}
    speed = {"precision", "batch_size", "channels_last"}
    made = {
        "workflow",
        "switches",
        "labels",
        "resolved_label_names",
        "network",
        "binary",
        "inferer",
        "prepared",
        "initialize",
        "run",
    }
    assert train & inference - machine - speed - made == {*VALUES, *PARTS} & inference


def test_the_shipped_weights_say_what_they_have_seen() -> None:
    settings = read_settings(SHIPPED / "models" / "model.pt")
    assert settings is not None
    assert "phantoms only" in settings.warning
    parser = ConfigParser(ConfigParser.load_config_file(SHIPPED / "configs" / "train.yaml"))
    assert settings.values.items() <= settings_of(parser).items(), "trained as train.yaml has it"


def test_the_split_of_a_run_lies_beside_its_weights(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    weights = tmp_path / "run" / "model.pt"
    (tmp_path / "busi").mkdir()
    weights.parent.mkdir()
    assert split_of_run(weights, tmp_path / "busi") is None
    content = {"provenance": {"srs_monai": "0", "dataset": "busi", "images": {}}}
    weights.with_suffix(".json").write_text(json.dumps(content))
    with caplog.at_level("WARNING"):
        assert split_of_run(weights, tmp_path / "busi") is None
    assert "which images the weights were trained on is not known" in caplog.text
    split = weights.parent / "split"
    split.mkdir()
    for name in ("train.txt", "val.txt"):
        (split / name).write_text("a\n")
    assert split_of_run(weights, tmp_path / "busi") == split
    assert split_of_run(weights, tmp_path) is None  # another data set
    assert split_of_run(weights, tmp_path / "busi", ignore=True) is None
