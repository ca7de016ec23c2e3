"""Both stages are trained by the bundle, from any folder, and a killed run ends as an unbroken one does."""

import csv
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from srs_monai.config.settings import read_settings
from srs_monai.errors import INTERRUPTED

Run = Callable[..., tuple[int, str]]
EPOCHS = {"reconstruction_epochs": 2, "epochs": 2}


def weights(path: Path) -> dict[str, torch.Tensor]:
    return dict(torch.load(path, weights_only=True))


def epochs(path: Path) -> list[int]:
    with path.open(newline="") as file:
        return [int(row["epoch"]) for row in csv.DictReader(file)]


def test_both_stages_run_one_after_the_other(run: Run, tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    out = tmp_path / "an output"
    values = {"dataset_dir": phantoms, "output_dir": out, **EPOCHS}
    status, log = run("training", "train", tiny, **values)
    assert status == 0, log
    assert epochs(out / "reconstruction" / "epochs.csv") == epochs(out / "segmentation" / "epochs.csv") == [1, 2]
    reconstruction, whole = weights(out / "reconstruction.pt"), weights(out / "model.pt")
    for key, value in reconstruction.items():
        assert torch.equal(whole[f"reconstruction.{key}"], value), "stage two leaves stage one's network as it was"
    for stage in ("reconstruction", "segmentation"):
        assert list((out / stage / "tensorboard").iterdir())
    trained = (
        rf"trained: {re.escape(str(out))}/model\.pt, from epoch [12], the best by its validation pooled_iou of 0\.\d+"
    )
    assert re.search(trained, log.splitlines()[-1])
    settings = read_settings(out / "model.pt")
    assert settings is not None
    assert (settings.values["image_size"], settings.values["in_channels"]) == ([32, 32], 3)
    assert settings.provenance["images"] == {"training": 9, "validation": 3}

    status, log = run("training", "train", tiny, **values)
    assert status != 0
    assert "--resume true" in log

    status, log = run("training", "train", tiny, **values, resume=True)
    assert status == 0, log
    assert epochs(out / "segmentation" / "epochs.csv") == [1, 2], "a finished run has nothing to go on with"
    assert f"{out / 'model.pt'}, from epoch" in log.splitlines()[-1]

    status, log = run("training", "train", tiny, **values, resume=True, image_size="[64, 64]")
    assert status != 0
    assert "has image_size [32, 32] (here [64, 64]); give --image_size '[32, 32]'" in log.splitlines()[-1]


def test_each_stage_runs_alone(run: Run, tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    images = tmp_path / "data without masks"
    shutil.copytree(phantoms / "images", images / "images")
    first = {"output_dir": tmp_path / "one", "reconstruction_epochs": 1}
    status, log = run("stage_one", "train", tiny, dataset_dir=images, **first)
    assert status == 0, log
    longer = first | {"reconstruction_epochs": first["reconstruction_epochs"] + 1, "resume": True}
    status, log = run("stage_one", "train", tiny, dataset_dir=images, **longer)
    assert status == 0, log
    rows = (Path(first["output_dir"]) / "reconstruction" / "epochs.csv").read_text().splitlines()
    assert len(rows) == 1 + longer["reconstruction_epochs"]
    assert not (tmp_path / "one" / "segmentation").exists()
    weights_file = tmp_path / "one" / "reconstruction.pt"
    status, log = run(
        "training",
        "train",
        tiny,
        dataset_dir=phantoms,
        output_dir=tmp_path / "two",
        reconstruction_weights=weights_file,
        epochs=1,
    )
    assert status == 0, log
    assert not (tmp_path / "two" / "reconstruction").exists()
    handed = {key: value for key, value in weights(tmp_path / "two" / "model.pt").items() if "reconstruction." in key}
    for key, value in weights(weights_file).items():
        assert torch.equal(handed[f"reconstruction.{key}"], value)


def kill_when(process: Any, begun: Path, epoch: int) -> None:
    """Kill the process without warning once its stage has kept this epoch."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        # the file is replaced whole, so that it can be read at any time
        if begun.is_file() and torch.load(begun, weights_only=True)["epoch"] >= epoch:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.002)
    assert process.wait() == -signal.SIGKILL, "the run ended before it could be killed"


def test_an_interruption_is_one_line(start: Callable[..., Any], tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    values = {"dataset_dir": phantoms, "output_dir": tmp_path / "out", "reconstruction_epochs": 500}
    process = start("training", "train", tiny, **values)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (tmp_path / "out" / "reconstruction" / "last.pt").is_file():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    try:
        assert process.wait(timeout=60) == -signal.SIGINT
    finally:
        process.kill()
    log = (tmp_path / "log.txt").read_text()
    assert log.splitlines()[-1].startswith(INTERRUPTED)
    assert "Traceback" not in log


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["reconstruction", "segmentation"])
def test_a_killed_run_ends_as_an_unbroken_one(
    run: Run, start: Callable[..., Any], tiny: Path, phantoms: Path, tmp_path: Path, stage: str
) -> None:
    values = {"dataset_dir": phantoms, "reconstruction_epochs": 12, "epochs": 12}
    status, log = run("training", "train", tiny, **values, output_dir=tmp_path / "whole")
    assert status == 0, log
    broken = tmp_path / "broken"
    kill_when(start("training", "train", tiny, **values, output_dir=broken), broken / stage / "last.pt", 3)
    assert torch.load(broken / stage / "last.pt", weights_only=True)["epoch"] < 12
    status, log = run("training", "train", tiny, **values, output_dir=broken, resume=True)
    assert status == 0, log
    for name in ("reconstruction.pt", "model.pt", f"{stage}/last.pt"):
        expected, got = weights(tmp_path / "whole" / name), weights(broken / name)
        torch.testing.assert_close(got, expected, rtol=0, atol=0)
    for name in ("reconstruction", "segmentation"):
        assert epochs(broken / name / "epochs.csv") == list(range(1, 13))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"dataset_dir": "nowhere"}, "there is no folder nowhere"),
        ({"image_size": "[30, 32]"}, "multiples of 8, got 30 x 32"),
        ({"device": "cuda:9"}, "cuda:9"),
        ({"reconstruction_weights": "nowhere.pt"}, "got nowhere.pt"),
        ({"epoch": 2}, "did you mean 'epochs'?"),
        ({"threshold": 7}, "between 0 and 1; got 7"),
    ],
)
def test_bad_settings_get_one_clear_error(
    run: Run, tiny: Path, phantoms: Path, tmp_path: Path, values: dict[str, object], text: str
) -> None:
    status, log = run(
        "training", "train", tiny, **{"dataset_dir": phantoms, "output_dir": tmp_path / "out", **EPOCHS, **values}
    )
    assert status != 0
    assert text in log


def test_a_missing_compiler_is_told_before_any_work(
    start: Callable[..., Any], tiny: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-compiler")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    values = {"dataset_dir": phantoms, "output_dir": tmp_path / "out", **EPOCHS}
    assert start("training", "train", tiny, compile=True, **values).wait() != 0
    log = (tmp_path / "log.txt").read_text()
    assert "torch.compile needs a C++ compiler" in log.splitlines()[-1]
    assert "omit compile" in log.splitlines()[-1]
    assert not (tmp_path / "out" / "reconstruction").exists()


def test_an_earlier_run_outlives_a_mistake_in_the_next(run: Run, tiny: Path, phantoms: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "segmentation").mkdir(parents=True)
    (out / "segmentation" / "last.pt").write_text("hours of work")
    data = tmp_path / "data"
    shutil.copytree(phantoms, data)
    mask = next((data / "masks").iterdir())
    Image.fromarray(np.arange(48 * 40, dtype=np.uint8).reshape(48, 40) % 4).save(mask)
    for folder, text in ((tmp_path / "nowhere", "there is no folder"), (data, f"{mask} holds 0, 1, 2, 3")):
        status, log = run("training", "train", tiny, dataset_dir=folder, output_dir=out, overwrite=True, **EPOCHS)
        assert status != 0
        assert text in log.splitlines()[-1]
        assert [path.name for path in out.rglob("*.pt")] == ["last.pt"]
