"""Slices that do not follow each other evenly are refused with their positions, or resampled on request."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from monai.transforms import LoadImage

from srs_monai.data.readers import DicomError, DicomReader

AXIAL = (1, 0, 0, 0, 1, 0)
CORONAL = (1, 0, 0, 0, 0, -1)
SAGITTAL = (0, 1, 0, 0, 0, -1)
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


def test_missing_slices_are_refused_with_their_positions(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    write_series(tmp_path, along=[0, 2.5, 5, 12.5, 15, 20])
    with pytest.raises(
        DicomError, match=r"every 2\.50 mm from 33\.00 to 53\.00 mm, lacks 3: 40\.50 mm, 43\.00 mm, 50\.50"
    ):
        load(tmp_path)


def test_doubled_slices_are_refused_with_their_positions(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path, along=[0, 2.5, 2.5, 5])
    first, second = sorted([series.files[1].name, series.files[2].name])
    with pytest.raises(DicomError, match=rf"more at 35\.50 mm \(({first}, {second}|{second}, {first})\)"):
        load(tmp_path)


def test_uneven_spacing_is_refused_with_the_positions(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    write_series(tmp_path, along=[0, 2.5, 5, 8.2, 10.7])
    with pytest.raises(DicomError, match=r"usually every 2\.50 mm, has 3\.20 mm between 38\.00 and 41\.20 mm"):
        load(tmp_path)


def test_positions_in_tenths_of_a_millimetre_are_even(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    along = np.round(np.arange(30) * 0.625, 1)
    series = write_series(tmp_path, along=along)
    volume = load(tmp_path)
    assert volume.affine[2, 2].item() == pytest.approx((along[-1] - along[0]) / 29)
    np.testing.assert_array_equal(volume.numpy()[:, :, 7], series.stored[7].T - 1024.0)
