"""A header is read once, by all that ask for it, until its file changes."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from dicom_files import Series
from monai.transforms import LoadImage
from pydicom.uid import UltrasoundMultiFrameImageStorage
from reader_calls import ReaderCalls

from srs_monai.data.readers import DicomError, DicomReader, dicom_slices
from srs_monai.dicom import header_cache
from srs_monai.dicom.header import NoImageError
from srs_monai.dicom.header_cache import FileRecord, file_record, is_dicom, read_header

WriteSeries = Callable[..., Series]


def load(path: Path) -> Any:
    return LoadImage(reader=DicomReader(), image_only=True)(path)


def change(path: Path, **tags: Any) -> None:
    """Write other values over a file, in its place and with its times."""
    before = path.stat()
    dataset = pydicom.dcmread(path)
    for tag, value in tags.items():
        setattr(dataset, tag, value)
    dataset.save_as(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_file_that_changed_is_read_again(
    tmp_path: Path, write_series: WriteSeries, reader_calls: ReaderCalls
) -> None:
    series = write_series(tmp_path)
    first = load(tmp_path)
    reader_calls.clear()
    change(series.files[2], RescaleIntercept=-24)
    reader_calls.clear()
    second = load(tmp_path)
    assert reader_calls.headers == {series.files[2]: 1}
    np.testing.assert_array_equal((second - first)[0, 0], [0, 0, 1000, 0, 0])


def test_files_that_come_go_or_move_to_another_series_are_noticed(tmp_path: Path, write_series: WriteSeries) -> None:
    series = write_series(tmp_path / "s")
    other = write_series(tmp_path / "s", along=[20.0, 30.0])
    assert load(tmp_path / "s" / series.uid).shape[2] == 5
    series.files[4].rename(tmp_path / "away")
    assert load(tmp_path / "s" / series.uid).shape[2] == 4
    (tmp_path / "away").rename(series.files[4])
    assert load(tmp_path / "s" / series.uid).shape[2] == 5
    position = [float(value) for value in series.positions[4] + series.positions[1] - series.positions[0]]
    frame = pydicom.dcmread(series.files[0]).FrameOfReferenceUID
    change(other.files[0], SeriesInstanceUID=series.uid, FrameOfReferenceUID=frame, ImagePositionPatient=position)
    assert load(tmp_path / "s" / series.uid).shape[2] == 6


def test_another_file_of_the_same_size_and_times_is_noticed(tmp_path: Path, write_series: WriteSeries) -> None:
    study, other, link = tmp_path / "study", tmp_path / "other", tmp_path / "link"
    path = write_series(tmp_path / "s").files[0]
    contents = []
    for value in (-100, -200):
        change(path, RescaleIntercept=value)
        contents.append(path.read_bytes())
    for folder in (study, other):
        folder.mkdir()
    for folder, content in zip((study, other), contents, strict=True):  # at one moment, so their times are the same
        (folder / "1.dcm").write_bytes(content)
    for folder in (study, other):
        os.utime(folder / "1.dcm", ns=(0, 0))
    link.symlink_to(study)
    paths = (study / "1.dcm", link / "1.dcm")
    assert [read_header(path).rescale for path in paths] == [(1, -100)] * 2
    study.rename(tmp_path / "away")
    other.rename(study)  # no time of a file changes by that
    assert [read_header(path).rescale for path in paths] == [(1, -200)] * 2


def test_a_fault_is_kept_until_the_file_is_mended(
    tmp_path: Path, write_series: WriteSeries, reader_calls: ReaderCalls
) -> None:
    path = write_series(tmp_path).files[0]
    change(path, Rows=0)
    reader_calls.clear()
    met = []
    for _ in range(2):
        with pytest.raises(DicomError, match="Rows and Columns") as caught:
            load(tmp_path)
        met.append(caught.value)
    assert met[0] is not met[1], "an error that is raised twice would gather the tracebacks of both"
    assert reader_calls.headers[path] == 1
    change(path, Rows=5)
    assert load(tmp_path).shape[2] == 5


def test_an_error_is_raised_whole_each_time(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("no DICOM")
    for _ in range(2):
        with pytest.raises(NoImageError, match="lacks the mark") as caught:
            read_header(tmp_path / "notes")
        assert "DICM" in caught.value.what
        assert not caught.value.unread_image


def test_what_may_succeed_next_time_is_tried_again(
    tmp_path: Path, write_series: WriteSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_series(tmp_path).files[0]

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(pydicom, "dcmread", fail)
        with pytest.raises(DicomError, match=f"{path.name} cannot be read: .*Input/output error"):
            read_header(path)
    assert read_header(path).columns == 7


def test_threads_share_one_reading(tmp_path: Path, write_series: WriteSeries, reader_calls: ReaderCalls) -> None:
    series = [write_series(tmp_path) for _ in range(4)]
    start = threading.Barrier(8)

    def find(number: int) -> tuple[Path, ...]:
        start.wait()
        return dicom_slices(tmp_path / series[number % 4].uid).paths

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(find, range(8)))
    assert found == [tuple(series[number % 4].files) for number in range(8)]
    assert reader_calls.headers == {path: 1 for one in series for path in one.files}


def test_the_headers_asked_for_last_are_kept(tmp_path: Path, write_series: WriteSeries) -> None:
    files = write_series(tmp_path).files
    records = header_cache._Records(most=3)
    made = {path: file_record(path) for path in files}
    for path in files[:3]:
        records.put(str(path), made[path])
    assert records.get(str(files[0]), made[files[0]].stamp) is made[files[0]]
    records.put(str(files[3]), made[files[3]])
    kept = [path for path in files if records.get(str(path), made[path].stamp)]
    assert kept == [files[0], files[2], files[3]]
    frames = tuple(made[path].header for path in files[:2])
    enhanced = FileRecord(files[4], (1,), True, made[files[4]].header, frames)
    records.put(str(files[4]), enhanced)
    assert [path for path in files[:4] if records.get(str(path), made[path].stamp)] == []
    assert records.get(str(files[4]), (1,)) is enhanced, "the frames of an object count"


def test_the_mark_is_looked_for_without_reading_the_header(
    tmp_path: Path, write_series: WriteSeries, reader_calls: ReaderCalls
) -> None:
    assert is_dicom(write_series(tmp_path).files[0])
    (tmp_path / "notes").write_text("no DICOM")
    assert not is_dicom(tmp_path / "notes")
    assert not reader_calls.headers


def test_an_enhanced_object_and_a_sequence_are_read_twice(
    tmp_path: Path, write_series: WriteSeries, write_picture: Callable[..., Path], reader_calls: ReaderCalls
) -> None:
    slices = [pydicom.dcmread(path) for path in write_series(tmp_path / "s").files]
    for number, dataset in enumerate(slices):
        dataset.InstanceNumber, dataset.AcquisitionNumber = number, 1
    enhanced = hd.legacy.LegacyConvertedEnhancedCTImage(
        slices, series_instance_uid=hd.UID(), series_number=2, sop_instance_uid=hd.UID(), instance_number=1
    )
    enhanced.save_as(tmp_path / "enhanced.dcm")
    stored = np.zeros((6, 4), np.uint8)
    sequence = write_picture(
        tmp_path / "us.dcm", stored, UltrasoundMultiFrameImageStorage, "US", Rows=3, NumberOfFrames=2
    )
    reader_calls.clear()
    for path in (tmp_path / "enhanced.dcm", sequence):
        load(path)
        load(path)
        assert (reader_calls.headers[path], reader_calls.pixels[path]) == (1, 2)
