"""What one prediction is worth: overlap, surface distances and pixel rates of a mask against its reference."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from monai.utils import convert_to_numpy
from numpy.typing import NDArray

from srs_monai.evaluation.overlap import count_overlap, ratio
from srs_monai.evaluation.surface import surface_distances


def case_metrics(prediction: Any, reference: Any, spacing: Sequence[float] | None = None) -> dict[str, float]:
    """Compare a mask with its reference.

    With TP, FP, FN, TN the numbers of pixels that are foreground in both, only in the prediction, only in the
    reference, and in neither:

    - iou = TP / (TP + FP + FN); dice_f1 = 2 TP / (2 TP + FP + FN), which is the Dice coefficient and the F1 score
    - sensitivity = TP / (TP + FN); specificity = TN / (TN + FP); precision = TP / (TP + FP)
    - accuracy = (TP + TN) / all pixels
    - hd95: the larger of the two directed 95th percentiles (linearly interpolated) of the surface distances. (MedPy
      takes one percentile of both directions together, which is smaller or equal.)
    - asd: the average symmetric surface distance, the mean over the surface pixels of both masks

    All but the distances are fractions, 0 to 1. The distances are in mm when `spacing` is given (columns hd95_mm
    and asd_mm), else in pixels (hd95_pixels and asd_pixels); `surface_distances` says what a surface is.

    A value that does not exist is nan, is left out of every mean, and the number of cases that remain is said. Only
    the overlap of two empty masks is 1 by convention: there was nothing to find, and nothing was found.

    | reference | prediction | iou, dice_f1 | sensitivity | specificity | precision | accuracy | hd95, asd |
    |-----------|------------|--------------|-------------|-------------|-----------|----------|-----------|
    | empty     | empty      | 1            | nan         | 1           | nan       | 1        | nan       |
    | empty     | some       | 0            | nan         | TN / all    | 0         | TN / all | nan       |
    | some      | empty      | 0            | 0           | 1           | nan       | TN / all | nan       |
    | full      | any        | TP / all ... | TP / all    | nan         | 1 or nan  | TP / all | as usual  |

    Args:
        prediction, reference: numpy arrays or tensors of one shape, two or three axes and no channel axis, of type
            bool or with no values but 0 and 1.
        spacing: distance between neighbouring pixels along each axis, in mm; None when it is not known.

    Raises:
        ValueError: when shapes differ, values are others than 0 and 1, or the spacing does not fit the axes.

    Source: Maier-Hein et al., Metrics Reloaded, Nature Methods 2024.
    """
    predicted, expected = _mask(prediction, "prediction"), _mask(reference, "reference")
    if predicted.shape != expected.shape:
        raise ValueError(
            f"a prediction must have the size of its reference; got {predicted.shape} and {expected.shape}; "
            "bring the prediction back to the grid of the reference first"
        )
    unit = "pixels" if spacing is None else "mm"
    steps = _steps(spacing, predicted.ndim)
    overlap = count_overlap(predicted, expected)
    tp, fp, fn = overlap.tp, overlap.fp, overlap.fn
    tn = predicted.size - tp - fp - fn
    hd95, asd = _distances(predicted, expected, steps)
    return {
        "iou": ratio(tp, tp + fp + fn, empty=1.0),
        "dice_f1": ratio(2 * tp, 2 * tp + fp + fn, empty=1.0),
        f"hd95_{unit}": hd95,
        f"asd_{unit}": asd,
        "sensitivity": ratio(tp, tp + fn),
        "specificity": ratio(tn, tn + fp),
        "precision": ratio(tp, tp + fp),
        "accuracy": ratio(tp + tn, predicted.size),
    }


def _mask(array: Any, name: str) -> NDArray[np.bool_]:
    """Take an array as a mask, or refuse it."""
    values = np.asarray(convert_to_numpy(array))
    if values.ndim not in (2, 3) or values.size == 0:
        raise ValueError(
            f"a mask has two or three axes, none of them empty; the {name} has shape {values.shape}; "
            "take one sample and one channel of it"
        )
    if values.dtype != np.bool_:
        odd = np.unique(values[(values != 0) & (values != 1)])
        if odd.size:
            raise ValueError(
                f"a mask holds 0 and 1 only; the {name} also holds {odd[0]} ({odd.size} such values); "
                "threshold it, or name its labels"
            )
    return values.astype(bool)


def _steps(spacing: Sequence[float] | None, axes: int) -> list[float]:
    """Check the spacing against the axes; pixels are 1 apart."""
    if spacing is None:
        return [1.0] * axes
    steps = [float(step) for step in spacing]
    if len(steps) != axes or not all(math.isfinite(step) and step > 0 for step in steps):
        raise ValueError(
            f"spacing must give one length above 0 mm for each of the {axes} axes; got {steps}; "
            "pass None to measure in pixels"
        )
    return steps


def _distances(
    predicted: NDArray[np.bool_], expected: NDArray[np.bool_], spacing: Sequence[float]
) -> tuple[float, float]:
    """Work out hd95 and asd; nan when a mask is empty and so has no surface."""
    if not (predicted.any() and expected.any()):
        return math.nan, math.nan
    there, back = surface_distances(predicted, expected, spacing)
    hd95 = max(float(np.percentile(way, 95)) for way in (there, back))
    return hd95, float(np.concatenate([there, back]).mean(dtype=np.float64))
