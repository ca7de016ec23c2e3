"""Small DICOM series and pictures, made from a truth that the tests know."""

from collections.abc import Callable
from pathlib import Path

import dicom_files
import pytest
from dicom_files import Series


@pytest.fixture
def write_picture() -> Callable[..., Path]:
    """`dicom_files.write_picture`."""
    return dicom_files.write_picture


@pytest.fixture
def write_series() -> Callable[..., Series]:
    """`dicom_files.write_series`."""
    return dicom_files.write_series
