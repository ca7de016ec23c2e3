"""Pixel counts of the overlap of a mask and its reference; they may be summed over cases."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Overlap:
    """Numbers of pixels or voxels that are foreground in both masks, only in the prediction, only in the reference."""

    tp: int
    fp: int
    fn: int

    @property
    def total(self) -> int:
        """Pixels that are foreground in at least one of the masks."""
        return self.tp + self.fp + self.fn

    @property
    def iou(self) -> float:
        """TP / (TP + FP + FN); nan if both masks are empty."""
        return ratio(self.tp, self.total)

    @property
    def dice(self) -> float:
        """2 TP / (2 TP + FP + FN); nan if both masks are empty."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def count_overlap(prediction: NDArray[np.bool_], reference: NDArray[np.bool_]) -> Overlap:
    """Count the pixels of a mask and its reference, arrays of one shape."""
    tp = int(np.count_nonzero(prediction & reference))
    return Overlap(tp, int(np.count_nonzero(prediction)) - tp, int(np.count_nonzero(reference)) - tp)


def add_overlaps(overlaps: Iterable[Overlap]) -> Overlap:
    """The overlap of all cases together, as if they were one large mask."""
    counts = [(overlap.tp, overlap.fp, overlap.fn) for overlap in overlaps]
    return Overlap(*(sum(column) for column in zip(*counts, strict=True))) if counts else Overlap(0, 0, 0)


def ratio(part: int, whole: int, empty: float = math.nan) -> float:
    """part / whole; `empty` if whole is 0."""
    return part / whole if whole else empty
