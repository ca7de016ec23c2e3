"""Both stages learn something from a few real images of each kind."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "configs" / "networks" / "srsnet_small.yaml"


@pytest.mark.slow
@pytest.mark.parametrize(
    # marking everything as target scores 0.16, 0.16 and 0.0005 on these validation images; marking nothing scores 0
    ("name", "values", "least_iou"),
    [
        ("busi", {"image_size": [64, 64], "epochs": 60}, 0.4),
        ("isic2018", {"image_size": [64, 64], "epochs": 40, "mask_suffix": "_segmentation"}, 0.5),
        ("sirst", {"image_size": [128, 128], "epochs": 60}, 0.2),
    ],
)
def test_sixteen_images_teach_more_than_a_constant(
    run: Callable[..., tuple[int, str]],
    datasets: Path,
    tmp_path: Path,
    name: str,
    values: dict[str, object],
    least_iou: float,
) -> None:
    out = tmp_path / "run"
    recipe = {"reconstruction_epochs": 10, "batch_size": 4, "learning_rate": 0.1}
    status, log = run(
        "training", "train", SMALL, dataset_dir=datasets / "mini" / name, output_dir=out, **recipe, **values
    )
    assert status == 0, log
    with (out / "segmentation" / "epochs.csv").open(newline="") as file:
        best = max(float(row["validation_pooled_iou"]) for row in csv.DictReader(file))
    assert best >= least_iou
    with (out / "reconstruction" / "epochs.csv").open(newline="") as file:
        errors = [float(row["validation_mean_squared_error"]) for row in csv.DictReader(file)]
    assert min(errors[1:]) < errors[0] / 2, "stage one learns to redraw"
