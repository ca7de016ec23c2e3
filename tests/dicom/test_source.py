"""Where the slices of a volume lie, from headers alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
from monai.transforms import LoadImage
from pydicom.uid import UltrasoundImageStorage

from srs_monai.data.readers import DicomError, DicomReader, dicom_slices

OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


@pytest.mark.parametrize("by", ["folder", "uid", "files"])
def test_slices_are_those_of_the_volumes_last_axis(tmp_path: Path, write_series: Callable[..., Any], by: str) -> None:
    series = write_series(tmp_path, orientation=OBLIQUE)
    write_series(tmp_path, along=[0, 5])
    source = {"folder": tmp_path, "uid": tmp_path / series.uid, "files": series.files[::-1]}[by]
    volume = LoadImage(reader=DicomReader(), image_only=True)(source)
    grid = dicom_slices(source)
    assert (grid.columns, grid.rows, len(grid.paths)) == volume.shape
    assert grid.paths == tuple(series.files)
    assert grid.frames == (1,) * 5
    for i, affine in enumerate(grid.affines):
        np.testing.assert_allclose(affine @ [2, 3, 0, 1], volume.affine.numpy() @ [2, 3, i, 1], atol=1e-6)
        np.testing.assert_allclose(affine[:3, 3], series.positions[i] * [-1, -1, 1], atol=1e-6)


def test_no_pixels_are_read(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path)
    for path in series.files:
        path.write_bytes(path.read_bytes()[:-30])
    assert len(dicom_slices(series.folder).paths) == 5


def test_slices_of_an_uneven_tilted_series_lie_where_they_are(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path, along=[0, 2, 9, 10], aside=0.3)
    grid = dicom_slices(tmp_path)
    origins = np.array([affine[:3, 3] for affine in grid.affines])
    np.testing.assert_allclose(origins, series.positions * [-1, -1, 1], atol=1e-6)


def test_frames_of_an_enhanced_object_are_slices(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.InstanceNumber, dataset.AcquisitionNumber = 5 - i, 1

    series = write_series(tmp_path / "s", orientation=OBLIQUE, edit=edit)
    slices = [pydicom.dcmread(path) for path in series.files]
    enhanced = hd.legacy.LegacyConvertedEnhancedCTImage(
        slices, series_instance_uid=hd.UID(), series_number=2, sop_instance_uid=hd.UID(), instance_number=1
    )
    enhanced.save_as(tmp_path / "enhanced.dcm")
    grid = dicom_slices(tmp_path / "enhanced.dcm")
    assert grid.paths == (tmp_path / "enhanced.dcm",) * 5
    pixels = pydicom.dcmread(tmp_path / "enhanced.dcm").pixel_array
    for affine, frame, stored, position in zip(grid.affines, grid.frames, series.stored, series.positions, strict=True):
        np.testing.assert_array_equal(pixels[frame - 1], stored)
        np.testing.assert_allclose(affine[:3, 3], position * [-1, -1, 1], atol=1e-6)


def test_pictures_have_no_slices(tmp_path: Path, write_picture: Callable[..., Path]) -> None:
    path = write_picture(tmp_path / "us", np.zeros((2, 2), np.uint8), UltrasoundImageStorage, "US")
    with pytest.raises(DicomError, match="holds a picture"):
        dicom_slices(path)
