"""A configuration that would show a network other images than it was trained on is refused, with the way out."""

import json
from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ConfigWorkflow

from srs_monai.config.settings import PROVENANCE, check_resumed, check_settings, load_settings
from srs_monai.errors import root_cause

CONFIG = """
imports: [$import srs_monai, $import srs_monai.config]
workflow: $srs_monai.config.running_workflow()
recipe: null
image_size: [256, 256]
antialias: true
threshold: 0.5
intensity: auto
scaling: {_target_: srs_monai.data.transforms.ToUnitRanged, keys: image, intensity: "@intensity"}
network_def: {_target_: UNet, channels: [2, 4], strides: [1]}
ignore: false
resume: true
trained: {_target_: srs_monai.config.TrainedSettings, weights: "@weights"}
run: ["$srs_monai.config.check_settings(@trained.settings, @workflow, ignore=@ignore)"]
resumed: ["$srs_monai.config.check_resumed(@weights, @workflow, resume=@resume)"]
"""


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path / "model.pt"


def trained(weights: Path, provenance: dict[str, Any] | None = None, **values: Any) -> Path:
    content = {PROVENANCE: provenance or {}, "image_size": [256, 256], "antialias": True, "threshold": 0.5, **values}
    weights.with_suffix(".json").write_text(json.dumps(content))
    return weights


def check(weights: Path, run_id: str = "run", **values: Any) -> None:
    workflow = ConfigWorkflow(
        str(weights.with_name("config.yaml")), logging_file=False, run_id=run_id, weights=str(weights), **values
    )
    workflow.initialize()
    try:
        workflow.run()
    except RuntimeError as error:  # as MONAI wraps it
        raise root_cause(error) from error


def test_what_a_network_only_needs_in_training_is_no_difference(weights: Path) -> None:
    network = {"_target_": "UNet", "channels": [2, 4], "strides": [1], "deep_supervision": True}
    check(trained(weights, network_def=network))
    with pytest.raises(ValueError, match=r"network_def#act relu \(here nothing\)"):
        check(trained(weights, network_def=network | {"act": "relu"}))


def test_equal_settings_and_none_pass(weights: Path, caplog: pytest.LogCaptureFixture) -> None:
    check(weights)
    scaling = {"_target_": "srs_monai.data.transforms.ToUnitRanged", "keys": "image", "intensity": "@intensity"}
    trained(weights, recipe=None, intensity="auto", scaling=scaling)
    check(weights)
    check(weights, antialias="true")  # as a command line gives it
    assert "trained" not in caplog.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"image_size": [128, 128]},
            r"model\.json it was trained with image_size \[128, 128\] \(here \[256, 256\]\); "
            r"give --image_size '\[128, 128\]', or continue with --ignore_settings true",
        ),
        (
            {"antialias": False, "intensity": "window"},
            r"antialias false \(here true\), intensity window \(here auto\); give --antialias false --intensity window",
        ),
        (
            {"network_def": {"_target_": "UNet", "channels": [2, 8], "strides": [2]}},
            r"network_def#channels \[2, 8\] \(here \[2, 4\]\);",
        ),
        ({"network_def": {"_target_": "UNet", "channels": [2, 4]}}, r"network_def#strides nothing \(here \[1\]\)"),
        (
            {"normalization": {"_target_": "Identityd", "keys": "image"}},
            r"normalization .* \(here nothing\);",
        ),
        ({"recipe": "busi"}, None),
        ({"threshold": 0.3}, None),
        ({"label_names": {"1": "Crohn's"}}, None),
    ],
)
def test_what_differs_is_refused(
    weights: Path, values: dict[str, Any], said: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    trained(weights, **values)
    if said is None:
        check(weights)
        assert f"trained with {next(iter(values))}" in caplog.text
    else:
        with pytest.raises(ValueError, match=said):
            check(weights)
        check(weights, ignore=True)
        assert "model.json: trained with" in caplog.text


def test_a_recipe_that_contradicts_is_refused(weights: Path) -> None:
    with pytest.raises(ValueError, match=r"recipe acdc \(here busi\); give --recipe acdc"):
        check(trained(weights, recipe="acdc"), recipe="busi")


def test_a_part_that_says_the_same_otherwise_passes(weights: Path) -> None:
    scaling = {"_target_": "srs_monai.data.transforms.ToUnitRanged", "keys": "image", "intensity": "auto"}
    check(trained(weights, scaling=scaling))
    with pytest.raises(ValueError, match=r"scaling#intensity auto \(here range\)"):
        check(weights, intensity="range")


def test_what_users_of_the_weights_must_know_is_said(weights: Path, caplog: pytest.LogCaptureFixture) -> None:
    check(trained(weights, {"warning": "seen nothing but noise"}))
    assert "model.json: seen nothing but noise" in caplog.text


def test_a_run_goes_on_only_as_it_began(weights: Path) -> None:
    check(weights, "resumed")
    trained(weights, image_size=[64, 64], threshold=0.4)
    check(weights, "resumed", resume=False)
    said = r"model\.json has image_size \[64, 64\] \(here \[256, 256\]\), threshold 0\.4 .*; give --image_size"
    with pytest.raises(ValueError, match=said):
        check(weights, "resumed")


def test_without_a_configuration_being_run_nothing_is_checked(weights: Path) -> None:
    trained(weights, image_size=[1, 1])
    check_settings(load_settings(weights.with_suffix(".json")), None)
    check_resumed(weights, None)
