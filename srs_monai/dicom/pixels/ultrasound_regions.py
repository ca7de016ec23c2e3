"""The region of an ultrasound picture that shows tissue."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

_TWO_DIMENSIONAL, _TISSUE = 1, 1  # RegionSpatialFormat and RegionDataType, DICOM PS3.3 C.8.5.5


def tissue_region(dataset: Dataset) -> NDArray[np.int64] | None:
    """Top, left, bottom, right in pixels, half open, of the largest 2-D tissue region; None without one.

    Regions of M-mode, Doppler and curves show no tissue in two dimensions. DICOM's corners belong to the region.
    """
    boxes = []
    for region in dataset.get("SequenceOfUltrasoundRegions") or []:
        if (region.get("RegionSpatialFormat"), region.get("RegionDataType")) != (_TWO_DIMENSIONAL, _TISSUE):
            continue
        corners = [region.get(f"RegionLocation{name}") for name in ("MinY0", "MinX0", "MaxY1", "MaxX1")]
        if None in corners:
            continue
        top, left, bottom, right = map(int, corners)
        box = max(top, 0), max(left, 0), min(bottom + 1, dataset.Rows), min(right + 1, dataset.Columns)
        if box[0] < box[2] and box[1] < box[3]:
            boxes.append(box)
    return np.array(max(boxes, key=_area)) if boxes else None


def _area(box: tuple[int, int, int, int]) -> int:
    top, left, bottom, right = box
    return (bottom - top) * (right - left)
