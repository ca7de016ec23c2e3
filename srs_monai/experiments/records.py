"""The records of finished experiments: a row of a CSV, and the measures of each test image."""

import csv
import gzip
import io
import json
import math
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from srs_monai.environment import software_versions
from srs_monai.experiments.row_run import COUNTS, STAGES
from srs_monai.experiments.rows import ROOT, Row
from srs_monai.files import write_atomically


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file; none if the file does not exist."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def record(row: Row, folder: Path, results: Path, table: str, threads: int) -> None:
    """Append a finished experiment to TABLE.csv, and write its measures of each test image to TABLE/ROW.csv.gz.

    The caller must hold the lock of the table, because the whole file is read and replaced.
    """
    path = results / f"{table}.csv"
    rows = [*read_rows(path), {name: str(value) for name, value in _facts(row, folder, threads).items()}]
    columns = list(dict.fromkeys(column for each in rows for column in each))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    cases = gzip.compress((folder / "test" / "metrics.csv").read_bytes(), mtime=0)
    write_atomically(results / table / f"{row.name}.csv.gz", cases)
    write_atomically(path, text.getvalue().encode())


def _facts(row: Row, folder: Path, threads: int) -> dict[str, Any]:
    counts = json.loads((folder / COUNTS).read_text())
    versions = software_versions()
    return {
        "row": row.name,
        "digest": row.digest,
        "data": row.data,
        "split": row.split,
        "network": row.network or "srsnet",
        "training": " + ".join([row.training] if isinstance(row.training, str) else row.training or ["sgd"]),
        "seed": row.seed,
        **{f"{part}_images": count for part, count in counts.items()},
        **_training(folder / "run"),
        **_measures(folder / "test" / "metrics.json"),
        "device": "cuda" if torch.cuda.is_available() else "cpu",
        "processor": torch.cuda.get_device_name() if torch.cuda.is_available() else _processor(),
        "threads": threads,
        "commit": _commit(),
        "torch": versions["torch"],
        "monai": versions["monai"],
        "date": datetime.now(UTC).date().isoformat(),
    }


def _training(run: Path) -> dict[str, Any]:
    """Epochs and minutes of both stages, validation included, and the epoch whose weights were kept."""
    epochs = {stage: read_rows(run / stage / "epochs.csv") for stage in STAGES}
    minutes = sum(float(each["seconds"]) for rows in epochs.values() for each in rows) / 60
    counts = {f"{stage}_epochs": len(rows) for stage, rows in epochs.items()}
    scores = [
        (float(each["validation_pooled_iou"]), int(float(each["epoch"])))
        for each in epochs["segmentation"]
        if each.get("validation_pooled_iou")
    ]
    best = max(scores, key=lambda score: (score[0], -score[1]), default=(math.nan, 0))
    return {**counts, "minutes": f"{minutes:.1f}", "best_epoch": best[1], "validation_pooled_iou": f"{best[0]:.4f}"}


def _measures(path: Path) -> dict[str, str]:
    """Mean and standard deviation of every metric over the test images, and the pooled metrics."""
    content = json.loads(path.read_text(encoding="utf-8"))
    summary, pooled = content["summary"], content["pooled"]
    label = "mean" if "mean" in summary else next(iter(summary))
    found: dict[str, str] = {}
    for name, statistic in summary[label].items():
        if statistic["mean"] is not None:
            found |= {name: f"{statistic['mean']:.4f}", f"{name}_sd": f"{statistic['sd'] or 0:.4f}"}
    return found | {name: f"{value:.4f}" for name, value in pooled[label].items() if value is not None}


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text(errors="replace").splitlines() if information.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _commit() -> str:
    """The commit of the clone, with "+" if files have changed since; "" if it is unknown."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        changes = _git("status", "--porcelain", "--", "srs_monai", "bundle", "configs")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + ("+" if changes else "")


def _git(*arguments: str) -> str:
    """The output of a git command in the clone."""
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
