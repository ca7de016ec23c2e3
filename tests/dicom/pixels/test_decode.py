"""Stored values become what they mean: HU in CT, whatever way they are written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_files import assert_same_places
from monai.transforms import LoadImage

from srs_monai.data.readers import DicomReader


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


def test_padding_without_hounsfield_units_becomes_the_smallest_value(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    stored = np.arange(100, 275, dtype=np.int16).reshape(5, 5, 7)
    stored[:, 0, 0] = -32768
    write_series(
        tmp_path, modality="MR", stored=stored, edit=lambda dataset, i: setattr(dataset, "PixelPaddingValue", -32768)
    )
    volume = load(tmp_path).numpy()
    assert (volume[0, 0] == 101).all()
    np.testing.assert_array_equal(volume[1:], stored.transpose(2, 1, 0)[1:])


def test_a_range_of_padding_is_padding(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.PixelPaddingValue, dataset.PixelPaddingRangeLimit = 10, 5

    stored = np.arange(175, dtype=np.int16).reshape(5, 5, 7)
    write_series(tmp_path, stored=stored, edit=edit)
    expected = np.where((stored >= 5) & (stored <= 10), -1024, stored - 1024.0)
    np.testing.assert_array_equal(load(tmp_path).numpy(), expected.transpose(2, 1, 0))


@pytest.mark.parametrize(
    ("stored", "signed", "bits", "values"),
    [
        (np.array([[0xF123, 0x0FFF], [0x8001, 0]], np.uint16), 0, 12, [[0x123, 0xFFF], [1, 0]]),
        (np.array([[0x7123, 0x0FFF], [0x0800, 0]], np.uint16), 1, 12, [[0x123, -1], [-2048, 0]]),
        (np.array([[-5, 70000], [3, 4]], np.int32), 1, 32, [[-5, 70000], [3, 4]]),
        (np.array([[5, 2**24], [3, 4]], np.uint32), 0, 32, [[5, 2**24], [3, 4]]),
        (np.array([[-5, 7], [3, 4]], np.int8), 1, 8, [[-5, 7], [3, 4]]),
    ],
)
def test_stored_bits_are_numbers_by_the_header(
    tmp_path: Path, write_series: Callable[..., Any], stored: Any, signed: int, bits: int, values: Any
) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits - 1, signed

    write_series(tmp_path, along=[0.0], stored=stored[None], edit=edit)
    np.testing.assert_array_equal(load(tmp_path).numpy()[:, :, 0].T, np.array(values) - 1024.0)


def test_one_bit_a_pixel_is_read(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.Rows, dataset.Columns = 2, 4
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 1, 1, 0, 0
        dataset.PixelData = bytes([0b10000101, 0])

    write_series(tmp_path, along=[0.0], modality="MR", edit=edit)
    np.testing.assert_array_equal(load(tmp_path).numpy()[:, :, 0].T, [[1, 0, 1, 0], [0, 0, 0, 1]])
