"""How a mask overlaps its reference, in numbers of pixels that may be added over cases."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Overlap:
    """Numbers of pixels, or voxels: foreground in both masks, only in the prediction, only in the reference."""

    tp: int
    fp: int
    fn: int

    @property
    def iou(self) -> float:
        """TP / (TP + FP + FN); nan where both masks are empty."""
        return ratio(self.tp, self.tp + self.fp + self.fn)

    @property
    def dice(self) -> float:
        """2 TP / (2 TP + FP + FN); nan where both masks are empty."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def count_overlap(prediction: NDArray[np.bool_], reference: NDArray[np.bool_]) -> Overlap:
    """Count the pixels of a mask and its reference, arrays of one shape."""
    tp = int(np.count_nonzero(prediction & reference))
    return Overlap(tp, int(np.count_nonzero(prediction)) - tp, int(np.count_nonzero(reference)) - tp)


def add_overlaps(overlaps: Iterable[Overlap]) -> Overlap:
    """The overlap of all cases together, as of one large mask."""
    counts = [(overlap.tp, overlap.fp, overlap.fn) for overlap in overlaps]
    return Overlap(*(sum(column) for column in zip(*counts, strict=True))) if counts else Overlap(0, 0, 0)


def ratio(part: int, whole: int, empty: float = math.nan) -> float:
    """Divide; where there is nothing to divide by, the value is `empty`."""
    return part / whole if whole else empty
