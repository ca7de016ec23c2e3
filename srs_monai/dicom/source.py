"""The slices or pictures that a name means, and the positions of source slices for writers."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from monai.config import PathLike
from monai.utils import ensure_tuple
from numpy.typing import NDArray

from srs_monai.dicom.folder import FRAME_NAME, frame_number, read_folder
from srs_monai.dicom.grid.duplicates import one_at_a_place
from srs_monai.dicom.grid.geometry import check_slice, in_order, slice_affine
from srs_monai.dicom.header import DicomError, Header, Kind
from srs_monai.dicom.header_cache import file_record, read_header
from srs_monai.dicom.series import choose_series, group_by_series, not_in_series
from srs_monai.text import few

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Slices:
    """The slices of one volume, in any order on one grid, and a sentence about skipped files."""

    headers: Sequence[Header]
    source: Path
    left_out: str = ""


@dataclass(frozen=True)
class Pictures:
    """A file without a position in the patient: one of its frames, counted from 0, or all of them (None)."""

    header: Header
    frame: int | None


@dataclass(frozen=True)
class SourceGrid:
    """The positions of the slices of a DICOM volume, in the order of its last axis before any resampling.

    Args:
        paths: file of each slice; the file of an enhanced object occurs once for each frame.
        frames: number of each slice within its file, counted from 1 as in DICOM.
        affines: (column, row, 0) of each slice to RAS in mm, (4, 4); the third axis is the unit normal.
        columns, rows: size of every slice, in pixels.
    """

    paths: tuple[Path, ...]
    frames: tuple[int, ...]
    affines: tuple[NDArray[np.float64], ...]
    columns: int
    rows: int


def dicom_slices(source: Sequence[PathLike] | PathLike) -> SourceGrid:
    """The source slices of a DICOM volume, from the headers alone.

    Args:
        source: a volume in a form of `DicomReader`: a folder, FOLDER/SERIES_UID, a file, or several files.

    Raises:
        DicomError: when it is not a volume, or its slices have no positions.
    """
    found = find_dicom(source)
    if isinstance(found, Pictures):
        raise DicomError(
            f"slices must have positions in the patient, but {found.header.path} holds {found.header.kind.value}; name "
            f"a series, or a file of slices"
        )
    slices = one_at_a_place(in_order(found.headers))
    return SourceGrid(
        paths=tuple(header.path for header in slices),
        frames=tuple(header.frame + 1 for header in slices),
        affines=tuple(slice_affine(header) for header in slices),
        columns=slices[0].columns,
        rows=slices[0].rows,
    )


def find_dicom(names: Sequence[PathLike] | PathLike) -> Slices | Pictures:
    """Find the slices or pictures that one or several names mean.

    Raises:
        DicomError: when nothing exists there, nothing can be read, or the choice is ambiguous.
    """
    paths = list(dict.fromkeys(Path(name) for name in ensure_tuple(names)))
    if not paths:
        raise DicomError("at least one DICOM file or folder must be named; got none; give one")
    if len(paths) > 1:
        return _series([read_header(path) for path in paths], paths[0].parent)
    path = paths[0]
    if path.is_dir():
        headers, left_out = read_folder(path)
        return _series(headers, path, left_out=left_out)
    if path.is_file():
        return _file(read_header(path))
    if path.parent.is_dir():
        headers, left_out = read_folder(path.parent)
        return _series(headers, path.parent, path.name, left_out)
    if path.parent.is_file():
        return _frame(read_header(path.parent), path.name)
    raise DicomError(f"a DICOM file or folder must exist, but there is nothing at {path}; check the name")


def _series(
    headers: Sequence[Header], source: Path, series_uid: str | None = None, left_out: Sequence[str] = ()
) -> Slices:
    """The series of slices, or the only enhanced object if there is no series."""
    objects = [header for header in headers if header.kind is Kind.ENHANCED and series_uid in (None, header.series_uid)]
    if len(objects) == 1 and not any(series_uid in (None, uid) for uid in group_by_series(headers)):
        slices: Sequence[Header] = file_record(objects[0].path).frames
        others = list[str]()
        headers = [header for header in headers if header is not objects[0]]
    else:
        slices, others = choose_series(headers, source, series_uid, left_out)
    beside = few([*not_in_series(headers), *left_out], shown=8)
    if others:
        logger.warning("%s: %s", source, "; ".join(others))
    if beside:
        logger.info("%s: skipped %s", source, beside)
    return Slices(slices, source, "; ".join([*others, beside] if beside else others))


def _file(header: Header) -> Slices | Pictures:
    if header.kind is Kind.SLICE:
        check_slice(header)
        return Slices([header], header.path)
    if header.kind is Kind.ENHANCED:
        return Slices(file_record(header.path).frames, header.path)
    return Pictures(header, None if header.kind is Kind.FRAMES else 0)


def _frame(header: Header, name: str) -> Pictures:
    number = frame_number(name)
    if header.kind is not Kind.FRAMES or number is None or not 1 <= number <= header.frames:
        raise DicomError(
            f"frames must be named {FRAME_NAME.format(1)} to {FRAME_NAME.format(header.frames)} below a file with a "
            f"sequence of pictures, but {header.path} is {header.kind.value} and the name is {name!r}; check the name"
        )
    return Pictures(header, number - 1)
