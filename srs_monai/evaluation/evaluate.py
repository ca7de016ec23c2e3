"""Evaluation of finished predictions: files or arrays in, a table out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from srs_monai.evaluation.file_pairs import MASK_SUFFIXES, pair_cases
from srs_monai.evaluation.label_metrics import case_rows, check_labels
from srs_monai.evaluation.mask_files import check_same_grid, read_label_map
from srs_monai.evaluation.metrics_table import MetricTable, Row, check_output


def evaluate(
    predictions: Any,
    references: Any,
    *,
    labels: Mapping[int, str] | None = None,
    spacing: Sequence[float] | None = None,
    original_definition: bool = False,
    suffixes: Sequence[str] = MASK_SUFFIXES,
    allow_unpaired: bool = False,
    output_dir: str | Path | None = None,
    overwrite: bool = False,
) -> MetricTable:
    """Compare predictions with their references, case by case.

    Args:
        predictions, references: a folder, a file, a mapping {case: array or file}, or a list of arrays or files, the
            same kind of item on both sides. Files are NIfTI or pictures. Folders and mappings are paired by name,
            lists by position (`pair_cases`). Arrays have two or three axes and no channel axis.
        labels: name of each label value, {1: "liver", 2: "spleen"}; None for masks of one foreground, of which a
            file may also hold 0 and 255.
        spacing: distance between neighbouring pixels along each axis, in mm, for arrays and pictures; None to measure
            them in pixels. NIfTI files bring their own.
        original_definition: also give the metrics of the authors' release (`original_metrics`).
        suffixes: what the name of a mask may have after the name of its case.
        allow_unpaired: leave out, with a warning, what has no partner, instead of refusing.
        output_dir: folder for metrics.csv, metrics.json and summary.md; None to write nothing.
        overwrite: replace the tables that are in output_dir.

    Returns:
        The table: a row for each case and label; `case_metrics` says what the columns are.

    Raises:
        ValueError: when cases have no partner, output_dir has tables already, or cases cannot be compared. Those are
            named with their reasons after the table of all others has been written.
    """
    num_classes = max(check_labels(labels, original_definition)) + 1
    if output_dir is not None:
        check_output(output_dir, overwrite)
    rows: list[Row] = []
    failures: list[str] = []
    pairs = pair_cases(predictions, references, suffixes=suffixes, allow_unpaired=allow_unpaired)
    for case, prediction, reference in pairs:
        try:
            mask, truth, steps = _arrays(prediction, reference, spacing, num_classes)
            rows += case_rows(case, mask, truth, labels=labels, spacing=steps, original_definition=original_definition)
        except ValueError as error:
            failures.append(str(error))
    table = MetricTable(rows)
    if output_dir is not None and rows:
        table.save(output_dir)
    if failures:
        raise ValueError(f"{len(failures)} of {len(pairs)} cases cannot be evaluated:\n" + "\n".join(failures))
    return table


def _arrays(
    prediction: Any, reference: Any, spacing: Sequence[float] | None, num_classes: int
) -> tuple[Any, Any, Sequence[float] | None]:
    """Read the two sides of a case, and how far apart their pixels are."""
    files = [isinstance(side, str | Path) for side in (prediction, reference)]
    if not any(files):
        return prediction, reference, spacing
    if not all(files):
        raise ValueError(
            f"a case needs two files or two arrays; got {_kind(prediction)} and {_kind(reference)}; read the file first"
        )
    predicted, expected = read_label_map(prediction, num_classes), read_label_map(reference, num_classes)
    check_same_grid(predicted, expected)
    if expected.spacing is None:
        return predicted.values, expected.values, spacing
    if spacing is not None:
        raise ValueError(f"{expected.path} has a spacing of its own, {expected.spacing} mm; leave out spacing")
    return predicted.values, expected.values, expected.spacing


def _kind(side: Any) -> str:
    """Say what one side of a case is."""
    return f"the file {side}" if isinstance(side, str | Path) else type(side).__name__
