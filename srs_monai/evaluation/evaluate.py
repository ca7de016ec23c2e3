"""Evaluation of finished predictions: from files or arrays to a table."""

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
        predictions, references: a folder, a file, a mapping {case: array or file}, or a list of arrays or files. Both
            sides must hold the same kind of item. Files are NIfTI or pictures. Folders and mappings are paired by
            name, lists by position (`pair_cases`). Arrays have two or three axes and no channel axis.
        labels: name of each label value, {1: "liver", 2: "spleen"}; None for masks with one foreground. Such a mask
            may also be stored as 0 and 255.
        spacing: distance between neighbouring pixels along each axis, in mm, for arrays and pictures; None to measure
            in pixels. NIfTI files have a spacing of their own.
        original_definition: also compute the metrics of the authors' release (`original_metrics`).
        suffixes: endings that the name of a mask may have after the name of its case.
        allow_unpaired: skip cases without a partner, with a warning, instead of rejecting them.
        output_dir: folder for metrics.csv, metrics.json and summary.md; None writes no files.
        overwrite: replace tables that exist in output_dir.

    Returns:
        The table, with one row for each case and label. `case_metrics` describes the columns.

    Raises:
        ValueError: if a case has no partner, output_dir already has tables, or cases cannot be compared. In the last
            case the table of all other cases is written first; the error names each failed case with its reason.
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
    """The prediction and the reference of a case, and the spacing of their pixels."""
    files = [isinstance(side, str | Path) for side in (prediction, reference)]
    if not any(files):
        return prediction, reference, spacing
    if not all(files):
        raise ValueError(
            f"a case must be two files or two arrays; got {_kind(prediction)} and {_kind(reference)}; "
            "read the file first"
        )
    predicted, expected = read_label_map(prediction, num_classes), read_label_map(reference, num_classes)
    check_same_grid(predicted, expected)
    if expected.spacing is None:
        return predicted.values, expected.values, spacing
    if spacing is not None:
        raise ValueError(f"{expected.path} has its own spacing, {expected.spacing} mm; omit the argument spacing")
    return predicted.values, expected.values, expected.spacing


def _kind(side: Any) -> str:
    """One side of a case, for a message."""
    return f"the file {side}" if isinstance(side, str | Path) else type(side).__name__
