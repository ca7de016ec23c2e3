"""Every header is read once: records of files, kept until the file changes.

The search in a folder, the readers and the writers need the same headers. All threads of the process share these
records.
"""

import copy
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom

from srs_monai.dicom.enhanced_frames import frame_headers
from srs_monai.dicom.header import DicomError, Header, Kind
from srs_monai.dicom.library_warnings import library_warnings
from srs_monai.dicom.parse_header import TAGS, no_image, parse_header
from srs_monai.errors import one_line
from srs_monai.files import file_stamp

_MOST = 2**16  # kept headers: about 150 MiB
_LOCKS = 64


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The result of reading a file's header.

    Args:
        path: path of the file.
        stamp: its times and size; a file with another stamp is read again.
        is_dicom: whether the file has DICOM's mark.
        result: the header, or the error of a file that cannot be read as an image.
        frame_result: headers of the frames of an enhanced object, or their error.
    """

    path: Path
    stamp: tuple[int, ...]
    is_dicom: bool
    result: Header | DicomError
    frame_result: tuple[Header, ...] | DicomError = ()

    @property
    def header(self) -> Header:
        """The header of an image.

        Raises:
            DicomError: when the file cannot be read as an image.
        """
        if isinstance(self.result, DicomError):
            raise copy.copy(self.result)  # each raising adds to an error's traceback
        return self.result

    @property
    def frames(self) -> tuple[Header, ...]:
        """The headers of the frames of an enhanced object.

        Raises:
            DicomError: when the frames cannot be read as one volume.
        """
        if isinstance(self.frame_result, DicomError):
            raise copy.copy(self.frame_result)
        return self.frame_result


class _Records:
    """The most recently used records, by the names of their files."""

    def __init__(self, most: int) -> None:
        self.most, self._count = most, 0
        self._records: OrderedDict[str, FileRecord] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, stamp: tuple[int, ...]) -> FileRecord | None:
        with self._lock:
            record = self._records.get(name)
            if record is None or record.stamp != stamp:
                return None
            self._records.move_to_end(name)
            return record

    def put(self, name: str, record: FileRecord) -> None:
        with self._lock:
            self._count += _headers_of(record) - _headers_of(self._records.pop(name, None))
            self._records[name] = record
            while self._count > self.most and len(self._records) > 1:
                self._count -= _headers_of(self._records.popitem(last=False)[1])


def _headers_of(record: FileRecord | None) -> int:
    if record is None:
        return 0
    return 1 + (len(record.frame_result) if isinstance(record.frame_result, tuple) else 0)


_RECORDS = _Records(_MOST)
_READING = [threading.Lock() for _ in range(_LOCKS)]  # two threads never read the same file at once


def file_record(path: str | Path, status: os.stat_result | None = None) -> FileRecord:
    """The record of a file, read again only when the file has changed.

    Args:
        path: path of the file.
        status: status of the file, if it is known already.

    Raises:
        DicomError: when the file cannot be opened or read.
    """
    try:
        return _kept_or_read(str(path), status)
    except OSError as error:
        raise DicomError(f"{path} cannot be opened: {one_line(error)}; check its permissions") from error


def _kept_or_read(name: str, status: os.stat_result | None) -> FileRecord:
    stamp = file_stamp(status or os.stat(name))
    if record := _RECORDS.get(name, stamp):
        return record
    with _READING[hash(name) % _LOCKS]:
        record = _RECORDS.get(name, stamp)  # another thread may have read it in the meantime
        if record is None:
            record = _read(Path(name), stamp)
            _RECORDS.put(name, record)
    return record


def read_header(path: Path) -> Header:
    """The header of an image.

    Raises:
        DicomError: when the file is not a supported DICOM image, or its header is faulty.
    """
    return file_record(path).header


def is_dicom(path: Path) -> bool:
    """Whether a file has DICOM's mark; its header is not read.

    Raises:
        OSError: when the file cannot be opened.
    """
    if record := _RECORDS.get(str(path), file_stamp(path.stat())):
        return record.is_dicom
    with path.open("rb") as file:
        return _marked(file)


def _marked(file: BinaryIO) -> bool:
    return file.read(132)[128:] == b"DICM"


def _read(path: Path, stamp: tuple[int, ...]) -> FileRecord:
    with path.open("rb") as file:
        if not _marked(file):
            what, way_out = "not a DICOM file: it lacks the mark 'DICM'", "remove it, or add file meta data"
            return FileRecord(path, stamp, False, no_image(path, what, way_out))
        file.seek(0)
        try:
            with library_warnings(path):
                dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=list(TAGS))
                header = parse_header(path, dataset)
                frames = _frames(header, dataset)
        except DicomError as error:
            return FileRecord(path, stamp, True, _without_traceback(error))
        except Exception as error:  # broken files make pydicom and its decompressors raise nearly anything
            fault = DicomError(f"the header of {path} cannot be read: {one_line(error)}; fetch the file again")
            if isinstance(error, OSError | MemoryError):  # the next attempt may succeed: no record of it
                raise fault from error
            return FileRecord(path, stamp, True, fault)
    return FileRecord(path, stamp, True, header, frames)


def _frames(header: Header, dataset: pydicom.Dataset) -> tuple[Header, ...] | DicomError:
    if header.kind is not Kind.ENHANCED:
        return ()
    try:
        return frame_headers(header, dataset)
    except DicomError as error:
        return _without_traceback(error)


def _without_traceback(error: DicomError) -> DicomError:
    """The error without its traceback, which would keep the data set in memory."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
