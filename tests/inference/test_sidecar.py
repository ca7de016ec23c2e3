"""The sidecar says what was made, with what."""

import hashlib
import json
from pathlib import Path

import monai
import pytest
import torch

import srs_monai
from srs_monai.inference.sidecar import Run, write_sidecar


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "w.pt"
    path.write_bytes(b"some tensors")
    return path


def test_the_sidecar_says_it_all(tmp_path: Path, weights: Path) -> None:
    label = {"number": 1, "name": "foie \u2013 liver", "voxels": 3, "volume_mm3": 4.5}
    path = tmp_path / "out" / "sub" / "a.json"
    write_sidecar(
        path,
        Run(weights, torch.device("cpu")),
        source="/data/a",
        name="sub/a",
        format="nifti",
        files=["a_mask.nii.gz"],
        labels=[label],
        warnings=["resampled straight"],
        runtime={"name": "openvino", "precision": "bfloat16"},
    )
    content = json.loads(path.read_text(encoding="utf-8"))
    versions = content.pop("versions")
    assert content == {
        "source": "/data/a",
        "name": "sub/a",
        "format": "nifti",
        "files": ["a_mask.nii.gz"],
        "labels": [label],
        "warnings": ["resampled straight"],
        "settings": {},
        "weights": {"path": str(weights), "sha256": hashlib.sha256(b"some tensors").hexdigest()},
        "device": "cpu",
        "runtime": {"name": "openvino", "precision": "bfloat16"},
    }
    assert versions["srs_monai"] == srs_monai.__version__
    assert versions["monai"] == monai.__version__
    assert versions["torch"] == torch.__version__


def test_weights_are_hashed_once_and_when_they_are_needed(weights: Path) -> None:
    run = Run(weights)
    first = run.sha256
    weights.unlink()
    assert run.sha256 == first
    assert Run().sha256 is None


def test_what_the_settings_of_the_weights_warn_of(weights: Path) -> None:
    assert Run(weights).warnings == ()
    weights.with_suffix(".json").write_text(json.dumps({"provenance": {"warning": "have seen phantoms only"}}))
    assert Run(weights).warnings == ("have seen phantoms only",)
    assert Run().warnings == ()


def test_the_recipe_of_the_training_is_known_where_the_settings_name_one(weights: Path) -> None:
    assert Run(weights).trained_recipe is None
    weights.with_suffix(".json").write_text(json.dumps({"provenance": {}, "recipe": "busi"}))
    assert Run(weights).trained_recipe == "busi"
    assert Run().trained_recipe is None
