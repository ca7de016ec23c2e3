"""The score that chooses the weights is the one that `evaluating` finds for the same images."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from monai.bundle import ConfigWorkflow
from numpy.typing import NDArray
from PIL import Image

from srs_monai.errors import root_cause

CONFIGS = Path(__file__).resolve().parents[2] / "bundle" / "configs"
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:monai")
Workflow = Callable[..., ConfigWorkflow]


def brightness(labels: NDArray[Any], seed: int) -> NDArray[np.uint8]:
    """An image whose pixels tell their labels by how bright they are, for the most part."""
    noise = np.random.default_rng(seed).normal(0, 20, labels.shape)
    return np.clip(40 + 80 * labels + noise, 0, 255).astype(np.uint8)


def squares(classes: int, seed: int, *axes: int) -> NDArray[np.uint8]:
    """A square of each class but the background, somewhere; every third image lacks the last class."""
    labels = np.zeros((40, 36, *axes), dtype=np.uint8)
    places = np.random.default_rng(seed).integers(0, 24, (classes, 2))
    for value in range(1, classes if seed % 3 else classes - 1):
        row, column = places[value]
        labels[row : row + 12, column : column + 10] = value
    return labels


def write_pictures(folder: Path, classes: int) -> None:
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for number in range(9):
        labels = squares(classes, number)
        Image.fromarray(brightness(labels, number)).save(folder / "images" / f"{number}.png")
        Image.fromarray(labels).save(folder / "masks" / f"{number}.png")
    (folder / "train.txt").write_text("0\n1\n2\n3\n4")
    (folder / "val.txt").write_text("5\n6\n7\n8")


def write_volumes(folder: Path, classes: int) -> None:
    folder.mkdir()
    for number in (1, 2):
        labels = squares(classes, number, 4)
        labels[..., 3] = 0
        for name, array in (("image", brightness(labels, number)), ("label", labels)):
            nib.save(nib.Nifti1Image(array.astype(np.int16), np.eye(4)), folder / f"{number}_{name}.nii")
    train, unseen = ({"image": f"{number}_image.nii", "label": f"{number}_label.nii"} for number in (1, 2))
    (folder / "datalist.json").write_text(json.dumps({"training": [train], "validation": [unseen]}))


def one_layer(classes: int) -> dict[str, Any]:
    """Values that train the simplest network in one stage; it can tell the classes by their brightness."""
    network = {"_target_": "torch.nn.Conv2d", "in_channels": 3, "out_channels": "@out_channels", "kernel_size": 1}
    recipe = {"training": ["@stage_two"], "epochs": 12, "learning_rate": 1.0, "batch_size": 2}
    return {"network_def": network, "out_channels": classes, **recipe}


def best(out: Path, name: str) -> float:
    with (out / "segmentation" / "epochs.csv").open(newline="") as file:
        return max(float(row[f"validation_{name}"]) for row in csv.DictReader(file))


def evaluation(data: Path, out: Path, **values: Any) -> dict[str, Any]:
    """What `evaluating` writes of a run's validation images, at the size and slice by slice as in training."""
    workflow = ConfigWorkflow(
        config_file=str(CONFIGS / "evaluate.yaml"),
        workflow_type="train",
        logging_file=False,
        run_id="evaluating",
        dataset_dir=str(data),
        ckpt_path=str(out / "model.pt"),
        output_dir=str(out / "evaluation"),
        network_grid=True,
        trust_settings=True,  # a convolution stands for the network
        device="cpu",
        **values,
    )
    workflow.initialize()
    workflow.run()
    content: dict[str, Any] = json.loads((out / "evaluation" / "metrics.json").read_text())
    return content


@pytest.mark.parametrize(
    ("kind", "name", "classes"),
    [
        ("pictures", "pooled_iou", 3),
        ("pictures", "pooled_dice", 3),
        ("pictures", "mean_image_iou", 3),
        ("pictures", "pooled_iou", 1),
        ("pictures", "mean_image_iou", 1),
        ("volumes", "pooled_iou", 3),
        ("volumes", "mean_image_iou", 3),
    ],
)
def test_evaluating_finds_the_same_score(
    workflow: Workflow, tmp_path: Path, kind: str, name: str, classes: int
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    values = {"datalist": "datalist.json"} if kind == "volumes" else {}
    (write_volumes if values else write_pictures)(data, max(2, classes))
    training = workflow(dataset_dir=str(data), selection_metric=name, **one_layer(classes), **values)
    training.initialize()
    training.run()
    found = evaluation(data, out, **values)
    label = "foreground" if classes == 1 else "mean"
    score = found["summary"][label]["iou"]["mean"] if name == "mean_image_iou" else found["pooled"][label][name]
    assert 0.2 < score < 0.99
    assert best(out, name) == pytest.approx(score, abs=1e-3)


def test_an_unknown_metric_is_refused_before_any_work(workflow: Workflow, tmp_path: Path) -> None:
    with pytest.raises((ValueError, RuntimeError)) as caught:  # MONAI wraps what an expression raises
        workflow(selection_metric="iou").initialize()
    assert "pooled_iou, pooled_dice, mean_image_iou; got 'iou'" in str(root_cause(caught.value))
    assert not (tmp_path / "out" / "model.json").exists()


def test_weights_that_give_nan_are_never_kept(workflow: Workflow, tmp_path: Path) -> None:
    write_pictures(tmp_path / "data", 3)
    training = workflow(dataset_dir=str(tmp_path / "data"), **one_layer(3) | {"learning_rate": 1.0e30})
    training.initialize()
    with pytest.raises((ValueError, RuntimeError)) as caught:
        training.run()
    assert "nan for validation images" in str(root_cause(caught.value))
    assert not list((tmp_path / "out").rglob("*.pt"))
