"""Faulty headers and files are refused by name, each with a reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import pydicom
import pytest
from dicom_files import assert_same_places
from monai.transforms import LoadImage

from srs_monai.data.readers import DicomError, DicomReader

AXIAL = (1, 0, 0, 0, 1, 0)
CORONAL = (1, 0, 0, 0, 0, -1)
SAGITTAL = (0, 1, 0, 0, 0, -1)
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


@pytest.mark.parametrize(
    ("tag", "value", "said"),
    [
        ("PixelSpacing", None, "has PixelSpacing, but .* has none"),
        ("PixelSpacing", [0, 0.5], "above 0 mm"),
        ("PixelSpacing", [0.5, 0.5, 0.5], r"PixelSpacing is 2 numbers, .* has \[0\.5, 0\.5, 0\.5\]"),
        ("ImagePositionPatient", None, "has ImagePositionPatient, but"),
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0], "two unit vectors at right angles"),
        ("RescaleSlope", None, "become HU by RescaleSlope and RescaleIntercept"),
        ("RescaleIntercept", "", "become HU"),
    ],
)
def test_one_slice_with_a_faulty_header_refuses_the_series(
    tmp_path: Path, write_series: Callable[..., Any], tag: str, value: Any, said: str
) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        if i == 3:
            delattr(dataset, tag)
            if value is not None:
                setattr(dataset, tag, value)

    write_series(tmp_path, edit=edit)
    with pytest.raises(DicomError, match=said):
        load(tmp_path)


def test_decimal_strings_longer_than_16_characters_are_read(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path, orientation=OBLIQUE)
    long = [f"{value:.20f}" for value in OBLIQUE]
    for path, position in zip(series.files, series.positions, strict=True):
        content = path.read_bytes()
        dataset = pydicom.dcmread(path)
        for tag, values in ((b"\x20\x00\x37\x00DS", long), (b"\x20\x00\x32\x00DS", [f"{v:.20f}" for v in position])):
            start = content.index(tag)
            length = int.from_bytes(content[start + 6 : start + 8], "little")
            text = "\\".join(values).encode()
            text += b" " * (len(text) % 2)
            content = content[: start + 6] + len(text).to_bytes(2, "little") + text + content[start + 8 + length :]
        path.write_bytes(content)
        assert len(str(dataset.ImageOrientationPatient[0])) <= 16
    assert_same_places(load(tmp_path), series)


def test_cut_off_slices_refuse_the_series_with_the_reason(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path)
    content = series.files[2].read_bytes()
    series.files[2].write_bytes(content[:-20])
    with pytest.raises(DicomError, match=rf"pixels of .*{series.files[2].name} cannot be read: .*less than expected"):
        load(tmp_path)
    series.files[2].write_bytes(content[:300])
    with pytest.raises(DicomError, match=rf"an image has Rows and Columns, but .*{series.files[2].name}"):
        load(tmp_path)
