"""Slices of an open volume are those of the whole."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_files import write_series

from srs_monai.data.readers import DicomReader, MedicalImageReader, NiftiReader

ALONG, UNEVEN = (0.0, 2.5, 5.0, 7.5, 10.0, 12.5), (0.0, 2.0, 4.0, 9.0, 10.0, 11.0)


@pytest.mark.parametrize("numbers", [[0, 1, 2], [3], [1, 2, 5], [0, 2, 4], [4, 5]])
@pytest.mark.parametrize(("along", "aside"), [(ALONG, 0.0), (ALONG, 0.4), (UNEVEN, 0.0), (UNEVEN, 0.3)])
def test_ct_slices(tmp_path: Path, numbers: list[int], along: tuple[float, ...], aside: float) -> None:
    write_series(tmp_path, along=along, aside=aside)
    reader = DicomReader(resample_uneven=True)
    whole, meta = reader.get_data(tmp_path)
    volume = reader.open(tmp_path)
    assert volume is not None
    assert volume.by_slices
    assert volume.shape == whole.shape
    values, of_slices = volume.slices(numbers)
    np.testing.assert_array_equal(values, whole[:, :, numbers])
    first = meta["affine"] @ [0, 0, numbers[0], 1]
    np.testing.assert_allclose(of_slices["affine"][:, 3], first)
    np.testing.assert_array_equal(of_slices["affine"][:3, :3], meta["affine"][:3, :3])
    assert of_slices.keys() == meta.keys()
    np.testing.assert_array_equal(volume.meta["affine"], meta["affine"])


def test_other_series_are_whole_and_pictures_are_no_volumes(tmp_path: Path) -> None:
    write_series(tmp_path / "mr", along=ALONG, modality="MR")
    volume = DicomReader().open(tmp_path / "mr")
    assert volume is not None
    assert not volume.by_slices
    np.testing.assert_array_equal(volume.whole(), DicomReader().get_data(tmp_path / "mr")[0])
    np.save(tmp_path / "a.npy", np.zeros((3, 4)))
    assert MedicalImageReader().open(tmp_path / "a.npy") is None


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32, np.float64])
def test_nifti_slices_in_any_order_of_reading(tmp_path: Path, ending: str, scaled: bool, kind: type) -> None:
    stored = (np.random.default_rng(0).random((4, 5, 7)) * 200).astype(kind)
    image = nib.Nifti1Image(stored, np.diag([2, 3, 4, 1]))
    if scaled and kind is not np.float64:
        image.header.set_slope_inter(0.7, -13.1)
    path = tmp_path / f"a{ending}"
    nib.save(image, path)
    whole, _ = NiftiReader().get_data(path)
    volume = NiftiReader().open(path)
    for numbers in ([0, 1], [2, 3, 4], [6], [0, 3, 4]):
        values = volume.values(numbers)
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, whole[:, :, numbers])


def test_a_value_that_is_none_is_refused_as_in_the_whole(tmp_path: Path) -> None:
    stored = np.zeros((4, 5, 7), np.float32)
    stored[1, 1, [2, 5]] = np.nan
    nib.save(nib.Nifti1Image(stored, np.eye(4)), tmp_path / "a.nii")
    volume = NiftiReader().open(tmp_path / "a.nii")
    assert not volume.values([0, 1]).any()
    with pytest.raises(ValueError, match=r"2 of 140 in .*a\.nii are NaN or infinite"):
        volume.values([2])
