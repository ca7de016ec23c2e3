"""Metrics of one case, label by label."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from monai.utils import convert_to_numpy

from srs_monai.evaluation.metrics import metrics_and_overlap
from srs_monai.evaluation.metrics_table import Row, mean_of_defined
from srs_monai.evaluation.original_metrics import original_metrics
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
    """The table rows of one case.

    Args:
        case: its name in the table and in error messages.
        prediction, reference: arrays of one shape, with two or three axes: masks if `labels` is None, else maps of
            label values, 0 for background.
        labels: name of each label value, {1: "liver", 2: "spleen"}; a map with another value is rejected. Several
            labels get an additional row "mean", over the labels for which a metric is defined. If several labels are
            given and neither map holds one of them, all values of that label are nan: a score of 1 for an absent organ
            would raise the mean.
        spacing: distance between neighbouring pixels along each axis, in mm; None to measure in pixels.
        original_definition: also compute the metrics of the authors' release, for a single label only.

    Raises:
        ValueError: with the name of the case, if the arrays cannot be compared or the labels are invalid.
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
            values, overlap = metrics_and_overlap(mask, truth, spacing)
            if original_definition:
                values |= original_metrics(mask, truth)
            if len(names) > 1 and not overlap.total:
                values = dict.fromkeys(values, math.nan)
            rows.append(Row(case, name, values, overlap))
    except ValueError as error:
        raise ValueError(f"{case}: {error}") from error
    if len(rows) > 1:
        rows.append(
            Row(case, MEAN, {name: mean_of_defined([row.values[name] for row in rows]) for name in rows[0].values})
        )
    return rows


def check_labels(labels: Mapping[int, str] | None, original_definition: bool = False) -> dict[int, str]:
    """Check the names of labels. Without labels, 1 is the foreground."""
    if labels is None:
        return {1: default_labels(1)[0].name}
    names = dict(labels)
    if not names or any(not isinstance(value, int) or value < 1 for value in names):
        raise ValueError(
            f"labels must map whole numbers from 1 on to names, without the background 0; got {names}; "
            'write {1: "liver", 2: "spleen"}'
        )
    if len(set(names.values())) < len(names) or MEAN in names.values():
        raise ValueError(
            f"label names must be unique and must not be {MEAN!r}; got {list(names.values())}; rename the labels"
        )
    if original_definition and len(names) > 1:
        raise ValueError(
            f"the metrics of the release are defined for one foreground label only; got {list(names.values())}; "
            "set original_definition to False"
        )
    return names


def _check_values(array: np.ndarray[Any, Any], names: Mapping[int, str], role: str) -> None:
    """Reject label values without a name."""
    unknown = np.setdiff1d(array, [0, *names])
    if unknown.size:
        raise ValueError(
            f"label values must be 0 or one of {sorted(names)}, but the {role} also holds {unknown[0]}; add its name"
        )
