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
from srs_monai.settings import (
    PARTS,
    PROVENANCE,
    VALUES,
    read_settings,
    settings_of,
    settings_path,
    split_of_run,
    write_settings,
)

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "bundle"
CONFIG = """
imports: [$import srs_monai, $import srs_monai.settings]
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
other: {_target_: UNet, in_channels: "@in_channels", channels: "$[2] * 2", strides: [1], norm: null}
lists: {training: [1, 2, 3], validation: [4], test: []}
run: ["$srs_monai.settings.write_settings(@weights, dataset_dir=@data, datalists=@lists)"]
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
        "in_channels": "@in_channels",
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


def test_the_file_is_an_overlay_that_gives_its_values_back(tmp_path: Path) -> None:
    parser = ConfigParser(ConfigParser.load_config_files([str(settings_path(write(tmp_path)))]))
    assert settings_of(parser) == EXPECTED
    parser["window_width"] = 100
    scaled = parser.get_parsed_content("scaling")({"image": torch.tensor([[[65.0]]])})["image"]
    assert scaled.item() == 0.75, "a single value still decides: 65 HU in the window from -10 to 90"


def test_programs_are_not_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, normalization={"_target_": "Lambdad", "keys": "image", "func": ["$lambda x: x"]})
    assert "there is a function at normalization#func#0; inference needs the same overlays" in caplog.text
    assert not (tmp_path / "a run").exists()


def test_weights_without_settings_have_none(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "model.pt") is None
    write_settings(tmp_path / "model.pt", dataset_dir=tmp_path, datalists={})  # no configuration is being run
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON"),
        ("[1]", "is something else; take it away"),
        ('{"image_size": [8, 8]}', "is something else; take it away"),
        ({"colour": 1}, "of srs_monai 9, has colour; use that version"),
        ({"image_size": "$print(1)"}, r"image_size is '\$print\(1\)'"),
        ({"network_def": {"_target_": "UNet", "act": "$print(1)"}}, r"network_def#act is '\$print"),
        ({"network_def": {"_target_": "UNet", "act": [["%other.yaml"]]}}, "network_def#act is '%other.yaml'"),
        ({"scaling": "@anything"}, "scaling is '@anything'"),
        ({"network_def": {"_target_": "os.system", "command": "true"}}, "has the _target_ 'os.system'"),
        ({"scaling": {"_target_": "subprocess.Popen", "args": "true"}}, "has the _target_ 'subprocess.Popen'"),
        ({"network_def": {"_target_": "torch.nn.parallel.distributed.os.getcwd"}}, "networks and transforms"),
        ({"scaling": {"_target_": "Lambdad", "func": {"_target_": "eval"}}}, "scaling#func has the _target_ 'eval'"),
        ({"scaling": {"_target_": ["Lambdad"]}}, "networks and transforms"),
    ],
)
def test_a_file_that_would_run_something_is_refused(tmp_path: Path, content: Any, said: str) -> None:
    text = content if isinstance(content, str) else json.dumps({PROVENANCE: {"srs_monai": "9"}, **content})
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_settings(tmp_path / "model.pt")


@pytest.mark.parametrize("overlay", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda path: path.stem)
def test_settings_of_every_overlay_can_be_handed_on(tmp_path: Path, overlay: Path) -> None:
    train = str(SHIPPED / "configs" / "train.yaml")
    settings = settings_of(ConfigParser(ConfigParser.load_config_files([train, str(overlay)])))
    settings_path(tmp_path / "model.pt").write_text(json.dumps({PROVENANCE: {}, **settings}))
    read = read_settings(tmp_path / "model.pt")
    assert read is not None
    assert read.values == settings
    parser = ConfigParser(ConfigParser.load_config_files([train, str(read.path)]))
    assert settings_of(parser) == settings
    for part in {"cropping", "scaling", "normalization"} & set(settings):
        assert isinstance(parser.get_parsed_content(part), Transform), part


def test_what_training_and_inference_share_is_a_setting() -> None:
    """A value that stands in both files is handed on, or is one of those that no mask depends on."""
    train, inference = (
        set(yaml.safe_load((SHIPPED / "configs" / f"{n}.yaml").read_text())) for n in ("train", "inference")
    )
    machine = {"imports", "bundle_root", "dataset_dir", "output_dir", "overwrite", "device", "pick_device"}
    speed = {"precision", "batch_size", "channels_last"}
    made = {"network", "binary", "inferer", "initialize", "run"}
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
