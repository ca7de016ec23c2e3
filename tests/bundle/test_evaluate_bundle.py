"""evaluate.yaml from its file to its tables: pictures and volumes, both grids, several classes, bad input."""

import csv
import json
import math
import os
import re
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
import yaml
from monai.bundle import ConfigWorkflow
from numpy.typing import NDArray
from PIL import Image
from skimage.measure import label
from warm_python import WarmPython

from srs_monai.errors import root_cause
from srs_monai.evaluation import case_metrics, original_metrics
from srs_monai.networks import SRSNet

CONFIG = Path(__file__).resolve().parents[2] / "bundle" / "configs" / "evaluate.yaml"
SIDE = 32  # of the network's grid, in pixels; the tiny overlay says so
SPACING = (0.5, 0.75, 3.0)

pytestmark = pytest.mark.filterwarnings("ignore:.*GHSA-873f-pvrv-4x83:UserWarning")  # MONAI's notice on every run

Mask = NDArray[np.uint8]


def disc(height: int, width: int) -> Mask:
    rows, columns = np.ogrid[:height, :width]
    inside = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 < (min(height, width) / 3) ** 2
    return inside.astype(np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A training image and two for validation, of different sizes."""
    data = tmp_path / "pictures"
    rng = np.random.default_rng(0)
    for name, size in {"a": (40, 56), "b": (32, 32), "c": (60, 44)}.items():
        for folder, array in {
            "images": 60 * disc(*size) + rng.integers(0, 100, size),
            "masks": 255 * disc(*size),
        }.items():
            (data / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(array.astype(np.uint8)).save(data / folder / f"{name}.png")
    (data / "train.txt").write_text("a\n")
    (data / "val.txt").write_text("b\nc\n")
    return data


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    """A volume of five slices with two labels for validation, and another for training."""
    data = tmp_path / "volumes"
    data.mkdir()
    labels = np.stack([disc(40, 32) * (1 + (number > 2)) for number in range(5)], axis=-1).astype(np.uint8)
    for name in ("seen", "unseen"):
        nib.save(nib.Nifti1Image(labels, np.diag([*SPACING, 1.0])), data / f"{name}_label.nii.gz")
        nib.save(nib.Nifti1Image(labels * np.float32(100), np.diag([*SPACING, 1.0])), data / f"{name}.nii.gz")
    items = [{"image": f"{name}.nii.gz", "label": f"{name}_label.nii.gz"} for name in ("seen", "unseen")]
    (data / "datalist.json").write_text(json.dumps({"training": items[:1], "validation": items[1:]}))
    return data


def write_weights(tiny: Path, path: Path, out_channels: int, favoured: int | None = None) -> Path:
    """Random weights of the tiny network; `favoured` is the class that it then always answers, -1 for none at all."""
    options = {name: value for name, value in yaml.safe_load(tiny.read_text())["network_def"].items() if name[0] != "_"}
    network = SRSNet(**options | {"in_channels": 3, "out_channels": out_channels})
    state = network.state_dict()
    if favoured is not None:
        state = {key: torch.zeros_like(value) for key, value in state.items()}
        head = [key for key in state if key.startswith("segmentation") and state[key].shape == (out_channels,)][-1]
        state[head][favoured] = 1.0 if favoured >= 0 else -1.0
    torch.save(state, path)
    return path


@pytest.fixture
def evaluate(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the bundle's evaluation in this process; the rows of its table."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the configuration sets it

    def run(data: Path, *, out_channels: int = 1, favoured: int | None = None, **values: Any) -> list[dict[str, str]]:
        weights = write_weights(tiny, tmp_path / "model.pt", out_channels, favoured)
        values = {"ckpt_path": str(weights), "out_channels": out_channels, "device": "cpu"} | values
        workflow = ConfigWorkflow(
            config_file=[str(CONFIG), str(tiny)],
            workflow_type="train",
            logging_file=False,
            run_id="evaluating",
            dataset_dir=str(data),
            output_dir=str(tmp_path / "out"),
            **values,
        )
        workflow.initialize()
        workflow.run()
        workflow.finalize()
        return list(csv.DictReader((tmp_path / "out" / "metrics.csv").read_text().splitlines()))

    return run


def test_pictures_on_their_own_grid(pictures: Path, evaluate: Any, tmp_path: Path) -> None:
    rows = evaluate(pictures, favoured=0)
    full = np.ones((60, 44), dtype=bool)
    expected = case_metrics(full, disc(60, 44))
    assert [row["case"] for row in rows] == ["b", "c"]
    assert {name: float(rows[1][name]) for name in expected} == pytest.approx(expected, rel=1e-5)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["metrics.csv", "metrics.json", "summary.md"]


@pytest.mark.parametrize("mode", ["nearest-exact", "nearest"])
def test_pictures_on_the_grid_of_the_network(pictures: Path, evaluate: Any, mode: str) -> None:
    values = {} if mode == "nearest-exact" else {"mask_interpolation": mode}
    rows = evaluate(pictures, favoured=0, network_grid=True, original_definition=True, **values)
    mask = torch.from_numpy(disc(60, 44))[None, None].float()
    mask = torch.nn.functional.interpolate(mask, size=(SIDE, SIDE), mode=mode)[0, 0]
    full = torch.ones(SIDE, SIDE)
    expected = case_metrics(full, mask) | original_metrics(full, mask)
    assert {name: float(rows[1][name]) for name in expected} == pytest.approx(expected, rel=1e-5)


def test_switches_may_be_texts_as_the_command_line_gives_them(pictures: Path, evaluate: Any) -> None:
    off = evaluate(pictures, network_grid="false", original_definition="false", favoured=0)
    assert float(off[1]["iou"]) == pytest.approx(disc(60, 44).mean(), rel=1e-5)
    assert "original_iou" not in off[0]
    with pytest.raises(RuntimeError):
        evaluate(pictures, overwrite="false")
    assert "original_iou" in evaluate(pictures, network_grid="True", original_definition="true", overwrite="true")[0]


def test_nothing_found_leaves_no_distances(pictures: Path, evaluate: Any, tmp_path: Path) -> None:
    rows = evaluate(pictures, favoured=-1)
    assert {(row["iou"], row["hd95_pixels"], row["precision"]) for row in rows} == {("0", "", "")}
    summary = json.loads((tmp_path / "out" / "metrics.json").read_text())["summary"]["foreground"]
    assert summary["asd_pixels"] == {"mean": None, "sd": None, "count": 0}


def test_small_components_may_be_dropped(pictures: Path, evaluate: Any) -> None:
    found = evaluate(pictures, favoured=0, minimum_size=60 * 44)
    assert [row["precision"] == "" for row in found] == [True, False]  # 32 x 32 pixels are fewer than 60 x 44


@pytest.fixture
def brightness(tmp_path: Path) -> dict[str, Any]:
    """Values that put the simplest network in SRSNet's place: what is brighter than 80 of 255 is foreground."""
    network = torch.nn.Conv2d(3, 1, 1)
    state = {"weight": torch.full_like(network.weight, 1000.0), "bias": torch.tensor([-3000.0 * 80.5 / 255])}
    torch.save(state, tmp_path / "brightness.pt")
    definition = {"_target_": "torch.nn.Conv2d", "in_channels": 3, "out_channels": 1, "kernel_size": 1}
    return {"network_def": definition, "ckpt_path": str(tmp_path / "brightness.pt")}


def test_values_by_hand(pictures: Path, evaluate: Any, brightness: dict[str, Any]) -> None:
    rows = evaluate(pictures, **brightness, network_grid=True)
    picture = np.asarray(Image.open(pictures / "images" / "b.png"))  # as large as the network's grid
    expected = case_metrics(picture > 80, disc(SIDE, SIDE))
    assert 0.2 < expected["iou"] < 0.9
    assert {name: float(rows[0][name]) for name in expected} == pytest.approx(expected, rel=1e-5)


def test_the_largest_component_may_be_kept(pictures: Path, evaluate: Any, brightness: dict[str, Any]) -> None:
    rows = evaluate(pictures, **brightness, network_grid=True, keep_largest_component="true")
    components = label(np.asarray(Image.open(pictures / "images" / "b.png")) > 80, connectivity=2)
    largest = components == np.bincount(components.ravel())[1:].argmax() + 1
    expected = case_metrics(largest, disc(SIDE, SIDE))
    assert (largest != (components > 0)).any()
    assert {name: float(rows[0][name]) for name in expected} == pytest.approx(expected, rel=1e-5)


def test_another_list(pictures: Path, evaluate: Any) -> None:
    assert [row["case"] for row in evaluate(pictures, evaluate_list="training")] == ["a"]


def test_volumes_are_measured_whole_and_in_mm(volumes: Path, evaluate: Any) -> None:
    values = {"datalist": "datalist.json", "label_names": {1: "liver", 2: "spleen"}, "batch_size": 2}
    rows = evaluate(volumes, out_channels=3, favoured=2, **values)
    labels = np.asarray(nib.load(volumes / "unseen_label.nii.gz").dataobj)
    expected = case_metrics(np.ones(labels.shape, dtype=bool), labels == 2, SPACING)
    assert [(row["case"], row["label"]) for row in rows] == [("unseen", name) for name in ("liver", "spleen", "mean")]
    assert {name: float(rows[1][name]) for name in expected} == pytest.approx(expected, rel=1e-5)
    assert rows[0]["hd95_mm"] == ""
    assert math.isclose(float(rows[2]["iou"]), expected["iou"] / 2, rel_tol=1e-5)


def test_slices_on_the_grid_of_the_network(volumes: Path, evaluate: Any) -> None:
    rows = evaluate(volumes, out_channels=3, datalist="datalist.json", network_grid=True)
    names = ("label 1", "label 2", "mean")
    assert [(row["case"], row["label"]) for row in rows] == [
        (f"unseen slice {number}", name) for number in range(5) for name in names
    ]


@pytest.mark.parametrize("network_grid", [False, True])
def test_the_batch_does_not_matter(
    pictures: Path, evaluate: Any, brightness: dict[str, Any], network_grid: bool
) -> None:
    values = {"network_grid": network_grid, "evaluate_list": "all", "overwrite": True, **brightness}
    tables = [evaluate(pictures, batch_size=batch_size, **values) for batch_size in (1, 8)]
    assert len(tables[0]) == 3
    assert tables[0] == tables[1]


def test_the_command_says_where_the_tables_are(
    warm_python: WarmPython, pictures: Path, tiny: Path, tmp_path: Path
) -> None:
    out, elsewhere, log = tmp_path / "out", tmp_path / "elsewhere", tmp_path / "log.txt"
    elsewhere.mkdir()
    options = {"dataset_dir": pictures, "ckpt_path": write_weights(tiny, tmp_path / "model.pt", 1), "output_dir": out}
    arguments = ["run", "evaluating", "--config_file", str([str(CONFIG), str(tiny)])]
    arguments += [text for name, value in options.items() for text in (f"--{name}", str(value))]
    status = warm_python.run("monai.bundle", *arguments, folder=elsewhere, environment=os.environ, log=log)
    said = log.read_text(encoding="utf-8")
    assert status == 0, said
    assert f"written: {out / 'metrics.csv'}" in said
    assert (out / "summary.md").read_text(encoding="utf-8") in said
    assert not any(elsewhere.iterdir())


def test_tables_are_not_replaced_unasked(pictures: Path, evaluate: Any) -> None:
    evaluate(pictures)
    with pytest.raises(RuntimeError) as caught:
        evaluate(pictures)
    assert "set overwrite to true" in str(root_cause(caught.value))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"evaluate_list": "test"}, "the test list is empty"),
        ({"evaluate_list": "val"}, "got 'val'"),
        ({"ckpt_path": "nowhere.pt"}, r"nowhere\.pt"),
        ({"image_size": [64, 64]}, r"trained with image_size \[32, 32\] \(here \[64, 64\]\); give --image_size"),
        ({"dataset_dir": "nowhere"}, "no folder nowhere"),
        ({"out_channels": 3, "original_definition": True}, "one foreground label"),
    ],
)
def test_bad_input_is_named(pictures: Path, evaluate: Any, tmp_path: Path, values: dict[str, Any], reason: str) -> None:
    (tmp_path / "model.json").write_text('{"provenance": {}, "image_size": [32, 32]}')
    with pytest.raises((RuntimeError, ValueError)) as caught:  # MONAI wraps what an expression raises
        evaluate(values.pop("dataset_dir", pictures), **values)
    assert re.search(reason, str(root_cause(caught.value)))
