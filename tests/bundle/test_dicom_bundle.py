"""Training and evaluation on DICOM series with segmentations and contours, as a user runs them."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dicom_files import write_series
from dicom_labels import write_rtstruct, write_seg


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Three series of six slices with a bright box each, in a list with segments for two and contours for one."""
    folder = tmp_path / "study"
    entries = []
    for number, name in enumerate(("p1", "p2", "p3")):
        mask = np.zeros((6, 24, 28), bool)
        mask[1:5, 6 + number : 16, 8:20] = True
        noise = np.random.default_rng(number).integers(900, 1000, mask.shape)
        series = write_series(folder / name, along=np.arange(6) * 2.5, stored=(noise + 200 * mask).astype(np.int16))
        label = folder / f"{name}.dcm"
        if number:
            write_seg(label, series.files, {"box": mask})
        else:
            corners = np.array([(7.5, 5.5), (19.5, 5.5), (19.5, 15.5), (7.5, 15.5)]) * [0.6, 0.8]
            points = np.pad(corners, ((0, 0), (0, 1)))
            write_rtstruct(label, [("box", [("CLOSED_PLANAR", series.positions[i] + points) for i in range(1, 5)])])
        entries.append({"image": name, "label": label.name})
    (folder / "list.json").write_text(
        json.dumps({"labels": {"1": "box"}, "training": entries[:2], "validation": entries[2:]})
    )
    return folder


def test_dicom_is_trained_on_and_measured(
    study: Path, tiny: Path, run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    options = {"dataset_dir": study, "datalist": "list.json", "device": "cpu"}
    status, said = run(
        "training", "train", tiny, **options, output_dir=tmp_path / "run", reconstruction_epochs=1, epochs=1
    )
    assert status == 0, said
    status, said = run(
        "evaluating", "evaluate", tiny, **options, ckpt_path=tmp_path / "run" / "model.pt", output_dir=tmp_path / "out"
    )
    assert status == 0, said
    with (tmp_path / "out" / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == ["p3"]
    (study / "list.json").write_text((study / "list.json").read_text().replace("box", "bones"))
    status, said = run("training", "train", tiny, **options, output_dir=tmp_path / "other")
    assert status != 0
    assert "has no 'bones', only box;" in said.splitlines()[-1]
