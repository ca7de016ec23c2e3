"""A table of metrics: one row for each case and label, and their summary."""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from srs_monai.evaluation.overlap import Overlap, add_overlaps
from srs_monai.files import check_folder, write_atomically
from srs_monai.labels import MEAN
from srs_monai.text import text_table

CSV_NAME, JSON_NAME, SUMMARY_NAME = "metrics.csv", "metrics.json", "summary.md"
POOLED = ("pooled_iou", "pooled_dice")
DEFINITIONS = {
    "summary": "of each metric: mean, standard deviation and number of the cases in which it is defined",
    "pooled": (
        "the pixels of all cases counted together, pooled_iou = TP / (TP + FP + FN), pooled_dice = 2 TP / (2 TP + FP + "
        "FN); undefined for a label that no case holds, neither in the prediction nor in the reference; mean: over the "
        "labels for which it is defined"
    ),
}


def check_output(output_dir: str | Path, overwrite: bool) -> None:
    """Reject a folder that already has tables or is not writable, before any work is lost.

    Raises:
        ValueError: with the name of the table, unless `overwrite` allows replacing it, or of a path that is not a
            folder.
    """
    check_folder(output_dir)
    there = [name for name in (CSV_NAME, JSON_NAME, SUMMARY_NAME) if (Path(output_dir) / name).exists()]
    if there and not overwrite:
        raise ValueError(
            f"existing tables are replaced only with overwrite, but {Path(output_dir) / there[0]} exists; "
            "set overwrite to true, or choose another output_dir"
        )


@dataclass(frozen=True)
class Row:
    """The metrics of one label in one case; an undefined value is nan.

    `overlap` holds the pixel counts behind them, which pooled metrics sum up. None: the row is not counted in pooled
    metrics, such as a mean over labels.
    """

    case: str
    label: str
    values: dict[str, float]
    overlap: Overlap | None = None


@dataclass(frozen=True)
class Statistic:
    """Mean, standard deviation between cases (divided by n - 1) and number n of the defined values; nan without any."""

    mean: float
    sd: float
    count: int


@dataclass(frozen=True)
class MetricTable:
    """Metrics of many cases, as `evaluate` returns them.

    A column name ends in its unit, `_mm` or `_pixels`. Columns without a unit hold fractions from 0 to 1.
    """

    rows: Sequence[Row]

    @property
    def labels(self) -> list[str]:
        """Names of the labels, in the order of the rows."""
        return list(dict.fromkeys(row.label for row in self.rows))

    @property
    def columns(self) -> list[str]:
        """Names of the metrics, in the order of the rows."""
        return list(dict.fromkeys(name for row in self.rows for name in row.values))

    @property
    def cases(self) -> list[str]:
        """Names of the cases, in the order of the rows."""
        return list(dict.fromkeys(row.case for row in self.rows))

    def summary(self) -> dict[str, dict[str, Statistic]]:
        """Statistics of every metric of every label over the cases in which it is defined."""
        return {label: {name: self._statistic(label, name) for name in self.columns} for label in self.labels}

    def pooled(self) -> dict[str, dict[str, float]]:
        """IoU and Dice of every label over the pixels of all cases together, "pooled_iou" and "pooled_dice".

        A case counts in proportion to its foreground. An empty mask that is correctly predicted as empty counts
        nothing, so cases without a rare label do not raise its score. Several labels get an additional row "mean", over
        the labels that occur in a case, in the prediction or in the reference. Values of other labels are undefined
        and nan.
        """
        totals = {
            label: add_overlaps(row.overlap for row in self.rows if row.label == label and row.overlap is not None)
            for label in dict.fromkeys(row.label for row in self.rows if row.overlap is not None)
        }
        values = {label: dict(zip(POOLED, (total.iou, total.dice), strict=True)) for label, total in totals.items()}
        if len(values) > 1:
            values[MEAN] = {name: mean_of_defined([value[name] for value in values.values()]) for name in POOLED}
        return values

    def save(self, output_dir: str | Path) -> list[Path]:
        """Write metrics.csv (all rows), metrics.json (rows and summary) and summary.md (for reading) into a folder."""
        texts = {CSV_NAME: self.to_csv(), JSON_NAME: self.to_json(), SUMMARY_NAME: self.to_markdown()}
        paths = [Path(output_dir) / name for name in texts]
        for path, text in zip(paths, texts.values(), strict=True):
            write_atomically(path, text.encode())
        return paths

    def to_csv(self) -> str:
        """All rows as CSV; an undefined value is an empty cell."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["case", "label", *self.columns])
        for row in self.rows:
            cells = [row.values.get(name, math.nan) for name in self.columns]
            writer.writerow([row.case, row.label, *("" if math.isnan(cell) else f"{cell:.6g}" for cell in cells)])
        return text.getvalue()

    def to_json(self) -> str:
        """Rows, summary, pooled metrics and the definitions of both as JSON; an undefined value is null."""
        rows = [{"case": row.case, "label": row.label, **_without_nan(row.values)} for row in self.rows]
        summary = {
            label: {name: _without_nan(vars(statistic)) for name, statistic in statistics.items()}
            for label, statistics in self.summary().items()
        }
        pooled = {label: _without_nan(values) for label, values in self.pooled().items()}
        content = {"rows": rows, "summary": summary, "pooled": pooled, "definitions": DEFINITIONS}
        return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"

    def to_markdown(self) -> str:
        """The summary and the pooled metrics as Markdown tables that are also readable as plain text."""
        cells = [("label", "metric", "mean ± sd", "cases")]
        for label, statistics in self.summary().items():
            for name, statistic in statistics.items():
                cells.append((label, name, _mean_and_sd(statistic), str(statistic.count)))
        cases = "1 case" if len(self.cases) == 1 else f"{len(self.cases)} cases"
        heading = (
            f"{cases}. Values without a unit are fractions from 0 to 1. If an empty mask leaves a value undefined, "
        )
        text = f"{heading}the mean is taken without that case.\n\n{_table(cells)}"
        pooled = [(label, *map(_number, values.values())) for label, values in self.pooled().items()]
        if not pooled:
            return text
        return f"{text}\nPooled: {DEFINITIONS['pooled']}.\n\n{_table([('label', *POOLED), *pooled])}"

    def _statistic(self, label: str, name: str) -> Statistic:
        """The statistic of one metric of one label."""
        values = np.array([row.values.get(name, math.nan) for row in self.rows if row.label == label])
        values = values[~np.isnan(values)]
        mean = float(values.mean()) if values.size else math.nan
        sd = float(values.std(ddof=1)) if values.size > 1 else math.nan
        return Statistic(mean, sd, int(values.size))


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    """None in place of nan, which JSON does not have."""
    return {name: None if math.isnan(value) else value for name, value in values.items()}


def _mean_and_sd(statistic: Statistic) -> str:
    """A mean and, if it is defined, its standard deviation."""
    return _number(statistic.mean) + ("" if math.isnan(statistic.sd) else f" ± {statistic.sd:.4f}")


def _number(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.4f}"


def mean_of_defined(values: Sequence[float]) -> float:
    """The mean of the defined values; nan without any."""
    existing = [value for value in values if not math.isnan(value)]
    return math.fsum(existing) / len(existing) if existing else math.nan


def _table(cells: Sequence[tuple[str, ...]]) -> str:
    """A heading and rows of equal length as a Markdown table; a bar in a name is escaped."""
    cells = [tuple(cell.replace("|", "\\|") for cell in line) for line in cells]
    lines = [f"| {line} |" for line in text_table(cells, between=" | ")]
    lines.insert(1, "".join("|" if character == "|" else "-" for character in lines[0]))
    return "\n".join(lines) + "\n"
