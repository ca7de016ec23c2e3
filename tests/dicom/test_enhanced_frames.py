"""Enhanced multi-frame objects are read as volumes by their functional groups."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_files import write_series
from monai.transforms import LoadImage
from pydicom import Dataset

from srs_monai.data.readers import DicomReader

OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


def write_enhanced(
    path: Path, change: Callable[[Dataset], None] | None = None, modality: str = "CT", **options: Any
) -> tuple[Path, Any]:
    """An enhanced object, its frames in no spatial order, and the series that it was made from."""
    edit = options.pop("edit", None)

    def numbered(dataset: Dataset, i: int) -> None:
        dataset.InstanceNumber, dataset.AcquisitionNumber = (3 * i) % 5 + 5 * (i // 5), 1
        if edit is not None:
            edit(dataset, i)

    series = write_series(path.parent / "series", modality=modality, edit=numbered, **options)
    slices = [pydicom.dcmread(file) for file in series.files]
    convert = hd.legacy.LegacyConvertedEnhancedCTImage if modality == "CT" else hd.legacy.LegacyConvertedEnhancedMRImage
    enhanced = convert(slices, hd.UID(), 2, hd.UID(), 1)
    if change is not None:
        change(enhanced)
    enhanced.save_as(path)
    return path, series


def assert_equal(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours.affine.numpy(), theirs.affine.numpy(), atol=1e-6)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_an_enhanced_object_equals_the_series_it_was_made_from(tmp_path: Path, modality: str) -> None:
    def edit(dataset: Dataset, i: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{1 + i / 4}", "-1000"
        dataset.PixelPaddingValue = 7

    stored = np.random.default_rng(0).integers(0, 20, (10, 5, 7)).astype(np.int16)  # padding occurs
    path, series = write_enhanced(
        tmp_path / "enhanced.dcm",
        modality=modality,
        orientation=OBLIQUE,
        along=np.arange(10) * 2.5,
        edit=edit,
        stored=stored,
    )
    assert_equal(load(path), load(series.folder))
    (tmp_path / "alone").mkdir()
    path.rename(tmp_path / "alone" / "enhanced.dcm")
    (tmp_path / "alone" / "notes.txt").write_text("x")
    by_folder = load(tmp_path / "alone")
    assert_equal(by_folder, load(series.folder))
    assert by_folder.meta["left_out"].startswith("notes.txt")


def test_a_tilted_one_is_straightened(tmp_path: Path) -> None:
    path, series = write_enhanced(tmp_path / "enhanced.dcm", aside=0.4)
    assert "gantry tilt of 21.8 degrees" in load(path).meta["notes"]
    assert_equal(load(path), load(series.folder))


def test_frames_that_leave_gaps_are_resampled_on_request(tmp_path: Path) -> None:
    path, series = write_enhanced(tmp_path / "enhanced.dcm", along=[0, 2.5, 5, 10, 12.5])
    assert_equal(load(path, resample_uneven=True), load(series.folder, resample_uneven=True))


def test_frames_with_groups_but_no_places_are_a_sequence(tmp_path: Path) -> None:
    def change(enhanced: Dataset) -> None:
        enhanced.SOPClassUID = enhanced.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7.3"
        enhanced.Modality = "OT"
        for group in enhanced.PerFrameFunctionalGroupsSequence:
            del group.PlanePositionSequence

    path, series = write_enhanced(tmp_path / "captures.dcm", change)
    sequence = load(path)
    assert sequence.shape == (1, 5, 7, 5)
    assert sequence.meta["frames"] == 5
    assert {tuple(frame.ravel()) for frame in sequence.numpy()[0].transpose(2, 0, 1)} == {
        tuple(stored.ravel().astype(float)) for stored in series.stored
    }
