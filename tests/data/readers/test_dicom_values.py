"""Stored values become what they mean: HU in CT, whatever way they are written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_files import assert_same_places
from monai.transforms import LoadImage

from srs_monai.data.readers import DicomReader

AXIAL = (1, 0, 0, 0, 1, 0)
CORONAL = (1, 0, 0, 0, 0, -1)
SAGITTAL = (0, 1, 0, 0, 0, -1)
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


def test_each_slice_is_rescaled_by_its_own_slope(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{1 + i / 4}", f"{-1000 - i}"

    series = write_series(tmp_path, edit=edit)
    expected = series.stored * (1 + np.arange(5) / 4)[:, None, None] - (1000 + np.arange(5))[:, None, None]
    np.testing.assert_array_equal(load(tmp_path).numpy(), expected.transpose(2, 1, 0).astype(np.float32))


def test_hounsfield_units_do_not_depend_on_monochrome1(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(
        tmp_path, edit=lambda dataset, i: setattr(dataset, "PhotometricInterpretation", "MONOCHROME1")
    )
    assert_same_places(load(tmp_path), series)


def test_mr_in_monochrome1_is_inverted(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME1", 0
        dataset.BitsStored, dataset.HighBit = 12, 11

    series = write_series(tmp_path, modality="MR", edit=edit)
    np.testing.assert_array_equal(load(tmp_path).numpy(), 4095.0 - series.stored.transpose(2, 1, 0))


@pytest.mark.parametrize("value", [-2000, 63536])  # the same bits, signed and unsigned
def test_padding_of_a_ct_becomes_air(tmp_path: Path, write_series: Callable[..., Any], value: int) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        pixels = np.frombuffer(dataset.PixelData, np.int16).copy()
        pixels[:3] = -2000
        dataset.PixelData = pixels.tobytes()
        dataset.add_new("PixelPaddingValue", "US" if value > 0 else "SS", value)

    write_series(tmp_path, edit=edit)
    volume = load(tmp_path).numpy()
    assert (volume[:3, 0] == -1024).all()
    assert volume.min() >= -1024
