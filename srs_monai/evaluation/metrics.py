"""Metrics of one mask against its reference: overlap, surface distances and pixel rates."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from monai.metrics.utils import get_mask_edges, get_surface_distance
from monai.utils import convert_to_numpy
from numpy.typing import NDArray

from srs_monai.evaluation.overlap import Overlap, count_overlap, ratio


def case_metrics(prediction: Any, reference: Any, spacing: Sequence[float] | None = None) -> dict[str, float]:
    """Compare a mask with its reference.

    TP, FP, FN and TN are the numbers of pixels that are foreground in both masks, only in the prediction, only in the
    reference, and in neither:

    - iou = TP / (TP + FP + FN); dice_f1 = 2 TP / (2 TP + FP + FN), which is the Dice coefficient and the F1 score
    - sensitivity = TP / (TP + FN); specificity = TN / (TN + FP); precision = TP / (TP + FP)
    - accuracy = (TP + TN) / all pixels
    - hd95: the larger of the two directed 95th percentiles (linearly interpolated) of the surface distances. (MedPy
      takes one percentile of both directions together, which is smaller or equal.)
    - asd: the average symmetric surface distance, the mean over the surface pixels of both masks

    All metrics but the distances are fractions from 0 to 1. Distances are in mm if `spacing` is given (columns hd95_mm
    and asd_mm), else in pixels (hd95_pixels and asd_pixels). `surface_distances` defines the surface.

    An undefined value is nan. Means leave it out and report the number of remaining cases. Only the overlap of two
    empty masks is 1 by convention: nothing was to be found, and nothing was found.

    | reference | prediction | iou, dice_f1 | sensitivity | specificity | precision | accuracy | hd95, asd |
    |-----------|------------|--------------|-------------|-------------|-----------|----------|-----------|
    | empty     | empty      | 1            | nan         | 1           | nan       | 1        | nan       |
    | empty     | some       | 0            | nan         | TN / all    | 0         | TN / all | nan       |
    | some      | empty      | 0            | 0           | 1           | nan       | TN / all | nan       |
    | full      | any        | TP / all ... | TP / all    | nan         | 1 or nan  | TP / all | as usual  |

    Args:
        prediction, reference: numpy arrays or tensors of one shape, with two or three axes and no channel axis, of
            type bool or with the values 0 and 1 only.
        spacing: distance between neighbouring pixels along each axis, in mm; None if it is not known.

    Raises:
        ValueError: if the shapes differ, a value is not 0 or 1, or the spacing does not fit the axes.

    Source: Maier-Hein et al., Metrics Reloaded, Nature Methods 2024.
    """
    return metrics_and_overlap(prediction, reference, spacing)[0]


def metrics_and_overlap(
    prediction: Any, reference: Any, spacing: Sequence[float] | None = None
) -> tuple[dict[str, float], Overlap]:
    """The values of `case_metrics`, and the pixel counts behind them."""
    predicted, expected = _mask(prediction, "prediction"), _mask(reference, "reference")
    if predicted.shape != expected.shape:
        raise ValueError(
            f"a prediction must have the shape of its reference; got {predicted.shape} and {expected.shape}; "
            "resample the prediction to the grid of the reference first"
        )
    unit = "pixels" if spacing is None else "mm"
    steps = _steps(spacing, predicted.ndim)
    overlap = count_overlap(predicted, expected)
    tp, fp, fn = overlap.tp, overlap.fp, overlap.fn
    tn = predicted.size - tp - fp - fn
    hd95, asd = _distances(predicted, expected, steps)
    values = {
        "iou": ratio(tp, tp + fp + fn, empty=1.0),
        "dice_f1": ratio(2 * tp, 2 * tp + fp + fn, empty=1.0),
        f"hd95_{unit}": hd95,
        f"asd_{unit}": asd,
        "sensitivity": ratio(tp, tp + fn),
        "specificity": ratio(tn, tn + fp),
        "precision": ratio(tp, tp + fp),
        "accuracy": ratio(tp + tn, predicted.size),
    }
    return values, overlap


def _mask(array: Any, name: str) -> NDArray[np.bool_]:
    """An array as a mask; other arrays are rejected."""
    values = np.asarray(convert_to_numpy(array))
    if values.ndim not in (2, 3) or values.size == 0:
        raise ValueError(
            f"a mask has two or three axes, none of them empty; but the {name} has shape {values.shape}; "
            "select one sample and one channel"
        )
    if values.dtype != np.bool_:
        odd = np.unique(values[(values != 0) & (values != 1)])
        if odd.size:
            raise ValueError(
                f"a mask holds only 0 and 1, but the {name} also holds {odd[0]} ({odd.size} such values); "
                "apply a threshold, or name the labels"
            )
    return values.astype(bool)


def _steps(spacing: Sequence[float] | None, axes: int) -> list[float]:
    """Check the spacing against the axes; pixels are 1 apart."""
    if spacing is None:
        return [1.0] * axes
    steps = [float(step) for step in spacing]
    if len(steps) != axes or not all(math.isfinite(step) and step > 0 for step in steps):
        raise ValueError(
            f"spacing must be one length above 0 mm for each of the {axes} axes; got {steps}; "
            "pass None to measure in pixels"
        )
    return steps


def _distances(
    predicted: NDArray[np.bool_], expected: NDArray[np.bool_], spacing: Sequence[float]
) -> tuple[float, float]:
    """hd95 and asd; both are nan if a mask is empty: then it has no surface."""
    if not (predicted.any() and expected.any()):
        return math.nan, math.nan
    there, back = surface_distances(predicted, expected, spacing)
    hd95 = max(float(np.percentile(way, 95)) for way in (there, back))
    return hd95, float(np.concatenate([there, back]).mean(dtype=np.float64))


def surface_distances(
    first: NDArray[np.bool_], second: NDArray[np.bool_], spacing: Sequence[float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Measure the distance from every surface pixel of one mask to the nearest surface pixel of the other, both ways.

    The surface of a mask consists of its pixels that touch a background pixel (4 neighbours in a picture, 6 in a
    volume). Everything outside the image is background. Distances are Euclidean, between pixel centres.

    Args:
        first, second: masks of one shape, (H, W) or three axes; neither may be empty.
        spacing: distance between neighbouring pixels along each axis, in the unit of the result.

    Returns:
        Distances from first to second and from second to first, one for each surface pixel.
    """
    thin = [axis for axis, size in enumerate(first.shape) if size == 1]
    if first.ndim == 3 and thin:
        # in a single slice every pixel touches the outside, so the whole area would count as surface
        first, second = first.squeeze(thin[0]), second.squeeze(thin[0])
        spacing = [step for axis, step in enumerate(spacing) if axis != thin[0]]
    first_edge, second_edge = get_mask_edges(first, second)  # both cropped to one bounding box
    to_second = get_surface_distance(first_edge, second_edge, spacing=tuple(spacing))
    to_first = get_surface_distance(second_edge, first_edge, spacing=tuple(spacing))
    return np.asarray(to_second), np.asarray(to_first)
