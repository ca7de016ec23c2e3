"""Metrics of one case label by label."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from monai.utils import convert_to_numpy

from srs_monai.evaluation.metrics import case_metrics
from srs_monai.evaluation.metrics_table import Row, mean_of_existing
from srs_monai.evaluation.original_metrics import original_metrics
from srs_monai.evaluation.overlap import count_overlap
from srs_monai.labels import MEAN, default_labels


def case_rows(
    case: str,
    prediction: Any,
    reference: Any,
    *,
    labels: Mapping[int, str] | None = None,
    spacing: Sequence[float] | None = None,
    original_definition: bool = False,
) -> list[Row]:
    """Work out the rows of a table that belong to one case.

    Args:
        case: its name in the table and in errors.
        prediction, reference: arrays of one shape, two or three axes: masks when `labels` is None, else maps of label
            values, 0 for background.
        labels: name of each label value, {1: "liver", 2: "spleen"}; values that it does not name are refused. Several
            labels are followed by a row called "mean", over the labels for which a metric exists. A label, one of
            several, that neither map holds is no case of that label, and all its values are nan: scores of 1 for
            absent organs would flatter the mean.
        spacing: distance between neighbouring pixels along each axis, in mm; None to measure in pixels.
        original_definition: also give the metrics of the authors' release, for one label only.

    Raises:
        ValueError: naming the case, when the arrays cannot be compared or the labels are not what they should be.
    """
    names = check_labels(labels, original_definition)
    predicted, expected = np.asarray(convert_to_numpy(prediction)), np.asarray(convert_to_numpy(reference))
    try:
        if labels is not None:
            _check_values(predicted, names, "prediction")
            _check_values(expected, names, "reference")
        rows = []
        for value, name in names.items():
            mask, truth = (predicted, expected) if labels is None else (predicted == value, expected == value)
            values = case_metrics(mask, truth, spacing)
            if original_definition:
                values |= original_metrics(mask, truth)
            if len(names) > 1 and not (mask.any() or truth.any()):
                values = dict.fromkeys(values, math.nan)
            rows.append(Row(case, name, values, count_overlap(mask.astype(bool), truth.astype(bool))))
    except ValueError as error:
        raise ValueError(f"{case}: {error}") from error
    if len(rows) > 1:
        rows.append(
            Row(case, MEAN, {name: mean_of_existing([row.values[name] for row in rows]) for name in rows[0].values})
        )
    return rows


def check_labels(labels: Mapping[int, str] | None, original_definition: bool = False) -> dict[int, str]:
    """Check the names of labels; without any, 1 is the foreground."""
    if labels is None:
        return {1: default_labels(1)[0].name}
    names = dict(labels)
    if not names or any(not isinstance(value, int) or value < 1 for value in names):
        raise ValueError(
            f"labels must name whole numbers from 1 on, background 0 not among them; got {names}; "
            'write {1: "liver", 2: "spleen"}'
        )
    if len(set(names.values())) < len(names) or MEAN in names.values():
        raise ValueError(f"label names must differ from one another and from {MEAN!r}; got {list(names.values())}")
    if original_definition and len(names) > 1:
        raise ValueError(
            f"the release's metrics are defined for one foreground label; got {list(names.values())}; "
            "set original_definition to False"
        )
    return names


def _check_values(array: np.ndarray[Any, Any], names: Mapping[int, str], role: str) -> None:
    """Refuse label values without a name."""
    unknown = np.setdiff1d(array, [0, *names])
    if unknown.size:
        raise ValueError(
            f"label values must be 0 or one of {sorted(names)}; the {role} also holds {unknown[0]}; name it"
        )
