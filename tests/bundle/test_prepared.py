"""Checks and weights belong to what runs: no way of starting a bundle's run leaves them out."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.bundle import ConfigParser, ConfigWorkflow

from srs_monai.config.settings import PROVENANCE, settings_of
from srs_monai.errors import root_cause
from srs_monai.weights import loaded_weights, save_weights

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:monai")


@pytest.fixture(autouse=True)
def _excepthook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # which the bundle replaces


@pytest.fixture(scope="module")
def weights(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of the tiny network with their settings."""
    path = tmp_path_factory.mktemp("a run") / "model.pt"
    parser = ConfigParser(ConfigParser.load_config_files([str(CONFIGS / "train.yaml"), str(tiny)]))
    torch.manual_seed(5)
    save_weights(parser.get_parsed_content("network_def").state_dict(), path)
    path.with_suffix(".json").write_text(json.dumps({PROVENANCE: {}, **settings_of(parser)}))
    return path


def workflow(file: str, *overlays: Path, **values: Any) -> ConfigWorkflow:
    files = [str(CONFIGS / f"{file}.yaml"), *map(str, overlays)]
    kind = "infer" if file in ("inference", "evaluate") else "train"
    return ConfigWorkflow(files, workflow_type=kind, logging_file=False, **values)


def outcome(made: ConfigWorkflow, initialize: bool) -> str:
    """What ends a run; empty where nothing does."""
    try:
        if initialize:
            made.initialize()
        made.run()
    except Exception as error:
        return str(root_cause(error))
    return ""


WAYS = {"as it should be": ({}, True), "not initialized": ({}, False), "an empty list": ({"initialize": []}, True)}


@pytest.mark.parametrize("way", WAYS)
def test_inference_runs_with_the_weights_that_the_sidecar_names(
    way: str, weights: Path, phantoms: Path, tmp_path: Path
) -> None:
    changed, initialize = WAYS[way]
    values = {"dataset_dir": str(phantoms / "images"), "runtime": "eager", "save_overlay": False, **changed}
    made = workflow("inference", ckpt_path=str(weights), output_dir=str(tmp_path / "out"), **values)
    assert outcome(made, initialize) == ""
    network = made.parser.get_parsed_content("evaluator").network
    torch.testing.assert_close(network.state_dict(), torch.load(weights), rtol=0, atol=0)
    loaded = loaded_weights(network)
    assert loaded is not None
    sidecar = json.loads(next((tmp_path / "out").glob("*.json")).read_text())
    assert sidecar["weights"] == {"path": str(weights), "sha256": loaded.sha256}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("file", ["inference", "evaluate"])
def test_without_weights_nothing_is_made(file: str, way: str, phantoms: Path, tmp_path: Path) -> None:
    changed, initialize = WAYS[way]
    out = tmp_path / "out"
    values = {"dataset_dir": str(phantoms / ("images" if file == "inference" else "")), **changed}
    made = workflow(file, ckpt_path=str(tmp_path / "no.pt"), output_dir=str(out), **values)
    assert "no.pt" in outcome(made, initialize)
    assert not any(out.rglob("*.*"))


@pytest.mark.parametrize("way", WAYS)
def test_evaluation_measures_the_weights(way: str, weights: Path, phantoms: Path, tmp_path: Path) -> None:
    changed, initialize = WAYS[way]
    made = workflow(
        "evaluate", ckpt_path=str(weights), output_dir=str(tmp_path / "out"), dataset_dir=str(phantoms), **changed
    )
    assert outcome(made, initialize) == ""
    network = made.parser.get_parsed_content("validate#evaluator").network
    torch.testing.assert_close(network.state_dict(), torch.load(weights), rtol=0, atol=0)
    assert (tmp_path / "out" / "metrics.csv").is_file()


@pytest.mark.parametrize("file", ["inference", "evaluate"])
def test_another_network_in_its_place_has_no_weights(file: str, weights: Path, phantoms: Path, tmp_path: Path) -> None:
    data = str(phantoms / ("images" if file == "inference" else ""))
    values = {"ckpt_path": str(weights), "dataset_dir": data, "network": "$@network_def", "device": "cpu"}
    made = workflow(file, output_dir=str(tmp_path / "out"), **values)
    assert "none were loaded into this SRSNet" in outcome(made, True)
    assert not any((tmp_path / "out").rglob("*.*"))


@pytest.mark.parametrize("file", ["inference", "evaluate", "train"])
@pytest.mark.parametrize("way", WAYS)
def test_names_are_checked_and_a_second_file_is_refused(
    file: str, way: str, weights: Path, phantoms: Path, tmp_path: Path
) -> None:
    changed, initialize = WAYS[way]
    values = {"output_dir": str(tmp_path / "out"), "dataset_dir": str(phantoms), **changed}
    if file in ("inference", "evaluate"):
        values["ckpt_path"] = str(weights)
    assert "'outputs_dir'" in outcome(workflow(file, outputs_dir="x", **values), initialize)
    stray = workflow(file, init_id="small.yaml", **values)
    assert "'small.yaml'" in outcome(stray, initialize)
    assert not (tmp_path / "out").exists()


def test_training_without_its_list_is_the_same_training(tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    made = {}
    for name, initialize in (("listed", True), ("bare", False)):
        values = {"epochs": 1, "reconstruction_epochs": 1, "output_dir": str(tmp_path / name), "device": "cpu"}
        training = workflow("train", tiny, dataset_dir=str(phantoms), **values)
        assert outcome(training, initialize) == ""
        made[name] = torch.load(tmp_path / name / "model.pt")
        assert (tmp_path / name / "model.json").is_file()
    torch.testing.assert_close(made["bare"], made["listed"], rtol=0, atol=0)


def test_a_stage_by_itself_is_checked_first(tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.pt").write_bytes(b"an earlier run")
    for id in ("stage_one", "stage_two", "train#trainer", "reconstruction#train#trainer"):
        training = workflow(
            "train", tiny, dataset_dir=str(phantoms), output_dir=str(tmp_path / "out"), run_id=id.replace("#", "::")
        )
        assert "--overwrite true" in outcome(training, False)


def test_an_image_size_that_differs_from_the_training_is_refused(weights: Path, phantoms: Path, tmp_path: Path) -> None:
    values = {"dataset_dir": str(phantoms / "images"), "output_dir": str(tmp_path / "out"), "runtime": "eager"}
    said = outcome(workflow("inference", ckpt_path=str(weights), image_size=[64, 64], **values), False)
    assert "trained with image_size [32, 32] (here [64, 64]); give --image_size '[32, 32]', or continue with" in said
    made = workflow("inference", ckpt_path=str(weights), image_size=[64, 64], ignore_settings="true", **values)
    assert outcome(made, False) == ""


def test_settings_of_another_place_are_taken_by_name(weights: Path, phantoms: Path, tmp_path: Path) -> None:
    """Weights that were moved without their settings would be built as the default network."""
    moved = tmp_path / "moved.pt"
    moved.write_bytes(weights.read_bytes())
    values = {"dataset_dir": str(phantoms / "images"), "runtime": "eager", "ckpt_path": str(moved)}
    said = outcome(workflow("inference", output_dir=str(tmp_path / "a"), **values), False)
    assert "moved.pt belongs to another one" in said
    settings = str(weights.with_suffix(".json"))
    assert outcome(workflow("inference", output_dir=str(tmp_path / "b"), settings=settings, **values), False) == ""


def test_settings_by_name_are_those_that_count(weights: Path, phantoms: Path, tmp_path: Path) -> None:
    content = json.loads(weights.with_suffix(".json").read_text())
    content |= {"threshold": 0.3, PROVENANCE: {"warning": "seen noise only"}}
    (tmp_path / "named.json").write_text(json.dumps(content))
    values = {"dataset_dir": str(phantoms / "images"), "runtime": "eager", "ckpt_path": str(weights)}
    values["settings"] = str(tmp_path / "named.json")
    assert outcome(workflow("inference", output_dir=str(tmp_path / "a"), **values), True) == ""
    sidecar = json.loads(next((tmp_path / "a").glob("*.json")).read_text())
    assert sidecar["settings"]["threshold"] == 0.3
    assert sidecar["warnings"][-1] == "seen noise only"
    said = outcome(workflow("inference", output_dir=str(tmp_path / "b"), image_size=[64, 64], **values), True)
    assert "named.json it was trained with image_size [32, 32] (here [64, 64])" in said
    given = workflow("inference", output_dir=str(tmp_path / "c"), threshold=0.5, **values)
    assert outcome(given, True) == ""
    sidecar = json.loads(next((tmp_path / "c").glob("*.json")).read_text())
    assert sidecar["settings"]["threshold"] == 0.5, "a value that is given wins, also the usual one"


def test_an_evaluator_by_itself_states_its_weights(weights: Path, phantoms: Path, tmp_path: Path) -> None:
    """As programs run it that take MONAI's workflow apart."""
    values = {"dataset_dir": str(phantoms / "images"), "runtime": "eager", "ckpt_path": str(weights)}
    made = workflow("inference", output_dir=str(tmp_path / "out"), **values)
    made.parser.get_parsed_content("evaluator").run()
    sidecar = json.loads(next((tmp_path / "out").glob("*.json")).read_text())
    assert sidecar["weights"]["path"] == str(weights)


HOSTILE = {
    "cropping": {
        "_target_": "LoadImaged",
        "keys": "none",
        "allow_missing_keys": True,
        "reader": "subprocess.Popen",
        "args": ["touch", "pwned"],
    },
    "network_def": {"_target_": "planted.Network"},
}


@pytest.mark.parametrize("part", HOSTILE)
@pytest.mark.parametrize("given", ["beside the weights", "by name"])
def test_settings_that_would_run_something_end_the_run(
    part: str, given: str, weights: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "planted.py").write_text("open('pwned', 'w').close()")
    hostile = tmp_path / ("w.json" if given == "beside the weights" else "other.json")
    hostile.write_text(json.dumps(json.loads(weights.with_suffix(".json").read_text()) | {part: HOSTILE[part]}))
    (tmp_path / "w.pt").write_bytes(weights.read_bytes())
    values = {"output_dir": "out", "ckpt_path": "w.pt"}
    if given == "by name":
        values["settings"] = str(hostile)
    for file, data in (("inference", phantoms / "images"), ("evaluate", phantoms)):
        said = outcome(workflow(file, dataset_dir=str(data), **values), True)
        assert HOSTILE[part]["_target_"] in said
        assert "--trust_settings true" in said
    assert not (tmp_path / "pwned").exists()


def test_an_overlay_takes_the_place_of_what_the_settings_may_not_name(
    weights: Path, tiny: Path, phantoms: Path, tmp_path: Path
) -> None:
    hostile = json.loads(weights.with_suffix(".json").read_text()) | {"network_def": HOSTILE["network_def"]}
    (tmp_path / "w.json").write_text(json.dumps(hostile))
    (tmp_path / "w.pt").write_bytes(weights.read_bytes())
    values = {"dataset_dir": str(phantoms / "images"), "output_dir": str(tmp_path / "out"), "runtime": "eager"}
    made = workflow("inference", tiny, ckpt_path=str(tmp_path / "w.pt"), ignore_settings=True, **values)
    assert outcome(made, True) == ""


def test_a_network_of_ones_own_is_built_with_trust(
    weights: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_network.py").write_text("from srs_monai.networks import SRSNet\nclass Mine(SRSNet):\n    pass\n")
    content = json.loads(weights.with_suffix(".json").read_text())
    content["network_def"]["_target_"] = "own_network.Mine"
    (tmp_path / "w.json").write_text(json.dumps(content))
    (tmp_path / "w.pt").write_bytes(weights.read_bytes())
    values = {"dataset_dir": str(phantoms / "images"), "output_dir": str(tmp_path / "out"), "runtime": "eager"}
    made = workflow("inference", ckpt_path=str(tmp_path / "w.pt"), trust_settings="true", **values)
    assert outcome(made, True) == ""
    assert type(made.parser.get_parsed_content("network")).__name__ == "Mine"
