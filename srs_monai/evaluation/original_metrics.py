"""The metrics of the authors' release, for comparison with its published tables only."""

from typing import Any

import numpy as np
from monai.utils import convert_to_numpy

IOU_SMOOTHING = 1e-5
RATE_GUARD = 1e-6


def original_metrics(prediction: Any, reference: Any) -> dict[str, float]:
    """Compare a mask with its reference as the release does; its tables contain the mean over images.

    iou = (intersection + 1e-5) / (union + 1e-5). The denominators of sensitivity and precision have 1e-6 added, and
    f1 = 2 se pc / (se + pc + 1e-6). For these rates the release compares the reference with its own largest value, so
    an EMPTY reference counts as all foreground: an empty prediction then gets iou 1 and f1 0, a full one iou 0 and
    f1 1. For other references all values agree with `case_metrics` to about 1e-5, unless the masks are tiny.

    Args:
        prediction, reference: numpy arrays or tensors of one shape, of type bool or with the values 0 and 1, as
            `case_metrics` checks them. (The release applies a threshold of 0.5 to its probabilities.)

    Source: the SRSNet release, commit 3ec478a (reference A.4).
    """
    predicted = np.asarray(convert_to_numpy(prediction)).astype(bool)
    expected = np.asarray(convert_to_numpy(reference)).astype(bool)
    intersection = np.count_nonzero(predicted & expected)
    union = np.count_nonzero(predicted | expected)
    brightest = expected == expected.max()
    hits = np.count_nonzero(predicted & brightest)
    sensitivity = hits / (np.count_nonzero(brightest) + RATE_GUARD)
    precision = hits / (np.count_nonzero(predicted) + RATE_GUARD)
    return {
        "original_iou": (intersection + IOU_SMOOTHING) / (union + IOU_SMOOTHING),
        "original_f1": 2 * sensitivity * precision / (sensitivity + precision + RATE_GUARD),
        "original_sensitivity": sensitivity,
        "original_precision": precision,
    }
