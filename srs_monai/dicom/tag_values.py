"""Values of DICOM tags as numbers and text."""

from pathlib import Path
from sys import intern
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.multival import MultiValue

from srs_monai.dicom.header import DicomError


def numbers_of(dataset: Dataset, tag: str, count: int, path: Path) -> tuple[float, ...] | None:
    """The numbers of a tag; None if it is absent or empty.

    Raises:
        DicomError: when the value is not `count` finite numbers.
    """
    value: Any = dataset.get(tag)
    if value is None or value == "":
        return None
    numbers = tuple(float(number) for number in np.atleast_1d(np.asarray(value, dtype=float)))
    if not numbers:
        return None
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise DicomError(f"{tag} must be {count} numbers, but {path} has {list(numbers)}; correct the header")
    return numbers


def number_of(dataset: Dataset, tag: str, path: Path) -> float | None:
    """The number of a tag; None if it is absent or empty.

    Raises:
        DicomError: when the value is not one finite number.
    """
    numbers = numbers_of(dataset, tag, 1, path)
    return None if numbers is None else numbers[0]


def rescale_of(dataset: Dataset, path: Path) -> tuple[float, float] | None:
    """Slope and intercept; None if one of them is missing.

    Raises:
        DicomError: when one is not a finite number.
    """
    slope, intercept = (number_of(dataset, tag, path) for tag in ("RescaleSlope", "RescaleIntercept"))
    return None if slope is None or intercept is None else (slope, intercept)


def text_of(value: Any) -> str:
    """A value as DICOM writes it; "" for None. Equal texts are one object, as the files of a series repeat them."""
    if value is None:
        return ""
    return intern("\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value))
