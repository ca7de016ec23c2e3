"""Which slices of a folder are read, and what is left out, with a line."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_files import assert_same_places
from monai.transforms import LoadImage
from pydicom.uid import (
    ComprehensiveSRStorage,
    MediaStorageDirectoryStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
    UltrasoundImageStorage,
)

from srs_monai.data.readers import DicomError, DicomReader

CORONAL = (1, 0, 0, 0, 0, -1)


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


def test_the_largest_series_is_read_and_the_choice_is_said(
    tmp_path: Path,
    write_series: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    large, small = write_series(tmp_path), write_series(tmp_path, along=[0, 5, 10])
    volume = load(tmp_path)
    assert_same_places(volume, large)
    counts = f"{large.uid} (5 slices), {small.uid} (3 slices)"
    assert counts in volume.meta["left_out"]
    assert counts in caplog.text
    assert_same_places(load(tmp_path / small.uid), small)


def test_series_of_one_size_are_refused_by_folder_and_read_by_name(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    one, other = write_series(tmp_path), write_series(tmp_path)
    with pytest.raises(DicomError, match=r"none is the largest: .*5 slices.*5 slices.*SERIES_UID"):
        load(tmp_path)
    for series in (one, other):
        assert_same_places(load(tmp_path / series.uid), series)
    with pytest.raises(DicomError, match=r"no file or series 1\.2\.3"):
        load(tmp_path / "1.2.3")


@pytest.mark.parametrize("odd", ["size", "orientation", "spacing", "frame of reference"])
def test_slices_of_another_grid_are_never_mixed_in(tmp_path: Path, write_series: Callable[..., Any], odd: str) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        if i != 4:
            return
        if odd == "size":
            dataset.Rows, dataset.Columns = dataset.Columns, dataset.Rows
        elif odd == "orientation":
            dataset.ImageOrientationPatient = list(CORONAL)
        elif odd == "spacing":
            dataset.PixelSpacing = [0.8, 0.7]
        else:
            dataset.FrameOfReferenceUID = "1.2.3"

    write_series(tmp_path, edit=edit)
    if odd == "frame of reference":
        with pytest.raises(DicomError, match="share a frame of reference"):
            load(tmp_path)
    else:
        volume = load(tmp_path)
        assert volume.shape == (7, 5, 4)
        assert "of several grids in series" in volume.meta["left_out"]


def test_what_is_no_slice_is_left_out_with_a_line(
    tmp_path: Path,
    write_series: Callable[..., Any],
    write_picture: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    series = write_series(tmp_path)

    def localizer(dataset: pydicom.Dataset, i: int) -> None:
        dataset.SeriesInstanceUID = series.uid
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    write_series(tmp_path, along=range(9), edit=localizer)
    nothing = np.zeros((2, 2), np.uint8)
    write_picture(tmp_path / "report", nothing, ComprehensiveSRStorage, "SR", Rows=None)
    write_picture(tmp_path / "mask.dcm", nothing, SegmentationStorage, "SEG")
    (tmp_path / "notes.txt").write_text("x" * 200)
    (tmp_path / ".hidden").write_bytes(b"")
    (tmp_path / "sub").mkdir()
    volume = load(tmp_path)
    assert_same_places(volume, series)
    for name in (
        "report (of class Comprehensive SR Storage",
        "mask.dcm (a segmentation)",
        "notes.txt (",
        ".hidden (hidden)",
        "the folder sub",
        "9 localizers",
    ):
        assert name in volume.meta["left_out"]
        assert name in caplog.text


def test_folders_without_a_series_are_refused(tmp_path: Path, write_picture: Callable[..., Path]) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DicomError, match="holds no DICOM images"):
        load(tmp_path)
    with pytest.raises(DicomError, match="nothing at"):
        load(tmp_path / "a" / "b")
    write_picture(tmp_path / "us" / "a", np.zeros((2, 2), np.uint8), UltrasoundImageStorage, "US")
    with pytest.raises(DicomError, match="holds 1 files that hold a picture; name a folder of slices, or a file"):
        load(tmp_path / "us")


def test_a_folder_of_sub_folders_is_refused_by_their_names(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    for name in ("arterial", "venous"):
        write_series(tmp_path / name)
    with pytest.raises(DicomError, match="no DICOM images beside the folder arterial, the folder venous; name a"):
        load(tmp_path)


def test_a_dicomdir_is_left_out(
    tmp_path: Path, write_series: Callable[..., Any], write_picture: Callable[..., Path]
) -> None:
    series = write_series(tmp_path)
    nothing = np.zeros((2, 2), np.uint8)
    directory = {"Rows": None, "Columns": None, "DirectoryRecordSequence": []}
    path = write_picture(tmp_path / "DICOMDIR", nothing, MediaStorageDirectoryStorage, "", **directory)
    volume = load(tmp_path)
    assert_same_places(volume, series)
    assert "DICOMDIR (a DICOMDIR, a list of files)" in volume.meta["left_out"]
    with pytest.raises(DicomError, match="a DICOMDIR, a list of files; name the folder of the images"):
        load(path)


def test_directions_of_one_size_are_refused_with_their_counts(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        if i % 2:
            dataset.ImageOrientationPatient = list(CORONAL)

    write_series(tmp_path, along=range(6), edit=edit)
    counted = r"at 1\\0\\0\\0\\0\\-1 \(3 slices\), .* at 1\\0\\0\\0\\1\\0 \(3 slices\)"
    with pytest.raises(DicomError, match=r"several grids in series .*none is the largest: .*" + counted):
        load(tmp_path)


def test_slices_of_another_modality_are_never_mixed_in(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        if i == 4:
            dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
            dataset.Modality = "OT"

    write_series(tmp_path, edit=edit)
    volume = load(tmp_path)
    assert volume.shape == (7, 5, 4)
    assert "OT secondary capture of 7 x 5 pixels" in volume.meta["left_out"]


def test_a_scout_among_the_slices_is_left_out(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        if i == 5:
            dataset.ImageOrientationPatient = list(CORONAL)
            dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    write_series(tmp_path, along=[0, 2.5, 5, 7.5, 10, 40], edit=edit)
    volume = load(tmp_path)
    assert volume.shape == (7, 5, 5)
    assert volume.meta["left_out"] == "1 localizers"


def test_uids_that_are_empty_come_from_the_file_meta(datasets: Path) -> None:
    folder = datasets / "dicom" / "ct_series_totalseg_j2k"
    assert pydicom.dcmread(next(folder.iterdir()), stop_before_pixels=True).SOPClassUID == ""
    volume = load(folder)
    assert (volume.shape, volume.meta["modality"], volume.meta["series_uid"]) == ((512, 512, 20), "CT", "no-series-uid")
