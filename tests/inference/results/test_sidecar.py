"""The sidecar says what was made, with what."""

import hashlib
import json
from pathlib import Path

import monai
import pytest
import torch
from loaded_run import loaded_run
from torch import nn

import srs_monai
from srs_monai.config.settings import Settings
from srs_monai.inference.results.sidecar import Run, write_sidecar


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tmp_path / "w.pt"


def test_the_sidecar_says_it_all(tmp_path: Path, weights: Path) -> None:
    label = {"number": 1, "name": "foie \u2013 liver", "voxels": 3, "volume_mm3": 4.5}
    path = tmp_path / "out" / "sub" / "a.json"
    write_sidecar(
        path,
        loaded_run(weights),
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
        "weights": {"path": str(weights), "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()},
        "device": "cpu",
        "runtime": {"name": "openvino", "precision": "bfloat16"},
    }
    assert versions["srs_monai"] == srs_monai.__version__
    assert versions["monai"] == monai.__version__
    assert versions["torch"] == torch.__version__


def test_the_hash_is_of_what_was_loaded(weights: Path) -> None:
    run = loaded_run(weights)
    loaded = hashlib.sha256(weights.read_bytes()).hexdigest()
    weights.write_bytes(b"another file by now")
    assert (run.weights, run.sha256) == (weights, loaded)
    assert (Run().weights, Run().sha256) == (None, None)


def test_a_network_without_weights_makes_no_results() -> None:
    run, random = Run(), nn.Conv2d(1, 1, 1)
    with pytest.raises(ValueError, match="none were loaded into this Conv2d; load them with"):
        run.use(random)
    run.use(torch.jit.trace(random, torch.zeros(1, 1, 1, 1)))  # its weights are part of it
    assert run.weights is None


def test_what_the_settings_of_the_weights_say() -> None:
    trained = Settings({"recipe": "busi"}, {"warning": "have seen phantoms only"})
    assert Run(settings=trained).warnings == ("have seen phantoms only",)
    assert Run(settings=trained).trained_recipe == "busi"
    assert (Run().warnings, Run().trained_recipe) == ((), None)
