"""The progress and the results of a table as text."""

import csv
from pathlib import Path

from srs_monai.experiments.page import results_text, status_text
from srs_monai.experiments.queue import RowStatus
from srs_monai.experiments.rows import Row, Table

ROW = Row("small", "kvasir_seg", "1", values={"epochs": 2})
OTHER = Row("other", "kvasir_seg", "2", values={"epochs": 2})
FACTS = {
    "test_images": "2",
    "iou": "0.5000",
    "iou_sd": "0.1000",
    "dice_f1": "0.6667",
    "pooled_iou": "0.4000",
    "reconstruction_epochs": "1",
    "segmentation_epochs": "2",
    "minutes": "3.0",
    "threads": "1",
    "processor": "a CPU",
}


def test_a_status_has_one_line_for_each_row() -> None:
    lines = status_text([RowStatus(ROW, "running", 1, 2.4), RowStatus(OTHER, "failed", 0, None, "no images")])
    first, second = lines.splitlines()
    assert first.split()[:3] == ["small", "running", "1"]
    assert " 2 " in first
    assert second.endswith("no images")


def test_results_hold_the_measures_of_finished_rows_in_percent(tmp_path: Path) -> None:
    with (tmp_path / "short.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["row", "digest", *FACTS])
        writer.writeheader()
        writer.writerow({"row": "small", "digest": "of an earlier form", **FACTS, "iou": "0.9"})
        writer.writerow({"row": "small", "digest": ROW.digest, **FACTS})
    text = results_text(Table("short", "A table", "How it is made.", (ROW, OTHER)), tmp_path)
    (line,) = [line for line in text.splitlines() if line.startswith("| small ")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == ["small", "2", "50.0 ± 10.0", "66.7", "40.0", "1 + 2", "3.0", "1", "a CPU"]
