"""The header of a file whose pixels were read is there for writers, as it is in the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
from monai.transforms import LoadImage
from reader_calls import ReaderCalls

from srs_monai.data.readers import DicomReader
from srs_monai.dicom.whole_headers import whole_header


def load(path: Path) -> None:
    LoadImage(reader=DicomReader(), image_only=True)(path)


def test_it_is_the_header_of_the_first_slice(
    tmp_path: Path, write_series: Callable[..., Any], reader_calls: ReaderCalls
) -> None:
    first = write_series(tmp_path, edit=lambda dataset, i: setattr(dataset, "PatientName", f"No^{i}")).files[0]
    load(tmp_path)
    reader_calls.clear()
    kept = whole_header(first)
    assert not reader_calls.headers + reader_calls.pixels
    read = pydicom.dcmread(first, stop_before_pixels=True)
    assert kept == pydicom.Dataset(read)
    assert kept.file_meta == read.file_meta
    assert kept.PatientName == "No^0"
    kept.PatientName = "other"
    kept.file_meta.MediaStorageSOPInstanceUID = "1.2"
    assert whole_header(first).PatientName == "No^0"
    assert whole_header(first).file_meta == read.file_meta


def test_it_is_read_where_it_is_not_kept_or_the_file_has_changed(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    files = write_series(tmp_path).files
    load(tmp_path)
    assert whole_header(files[1]).SOPInstanceUID == pydicom.dcmread(files[1]).SOPInstanceUID
    dataset = pydicom.dcmread(files[0])
    dataset.PatientID = "changed"
    dataset.save_as(files[0])
    assert whole_header(files[0]).PatientID == "changed"


def test_few_are_kept(tmp_path: Path, write_series: Callable[..., Any], reader_calls: ReaderCalls) -> None:
    firsts = []
    for number in range(6):
        firsts.append(write_series(tmp_path / str(number)).files[0])
        load(tmp_path / str(number))
    reader_calls.clear()
    for first in firsts:
        whole_header(first)
    assert list(reader_calls.headers) == firsts[:2]
