"""Sizes and positions of DICOM images, from their headers."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from monai.config import PathLike
from numpy.typing import NDArray

from srs_monai.data.readers.array_file import is_array
from srs_monai.data.readers.nifti import NIFTI_SUFFIXES
from srs_monai.data.readers.picture import PICTURE_SUFFIXES
from srs_monai.dicom.grid.stack import stack
from srs_monai.dicom.header import NO_SERIES_UID, DicomError, Header, Kind, is_dicom_name
from srs_monai.dicom.header_cache import is_dicom
from srs_monai.dicom.source import Pictures, find_dicom
from srs_monai.errors import one_line

_KEPT = 4096  # remembered series


@dataclass(frozen=True)
class DicomLayout:
    """The size of a DICOM image as its reader gives it.

    Args:
        shape: columns, rows and slices of a volume; rows and columns of a picture.
        affine: indices of a volume to RAS in mm; None for a picture.
        session: key that only images of the same patient share: the frame of reference, the series or the file.
        frame_of_reference: frame of reference of a volume; "" if it states none.
    """

    shape: tuple[int, ...]
    affine: NDArray[np.float64] | None
    session: str
    frame_of_reference: str = ""


def is_dicom_source(name: PathLike) -> bool:
    """Whether the DICOM reader reads a name: a folder, a DICOM file, a series of a folder or a frame of a file."""
    path = Path(name)
    if str(path).lower().endswith((*NIFTI_SUFFIXES, *PICTURE_SUFFIXES)) or is_array(path):
        return False
    if path.is_file():
        return is_dicom(path) or is_dicom_name(path)
    return path.is_dir() or path.parent.exists()


def session_of(name: PathLike) -> str | None:
    """A key that only DICOM images of the same patient share; None for other images.

    Slices of one series, series with one frame of reference, and frames of one file have the same key. PatientID is not
    used, because all images of an anonymised data set may have the same.

    Raises:
        DicomError: as `dicom_layout` does.
    """
    return dicom_layout(name).session if is_dicom_source(name) else None


def dicom_layout(name: PathLike) -> DicomLayout:
    """Size and position of a volume or picture; read again only when its file or folder has changed.

    Raises:
        DicomError: as `DicomReader` does, except for faults of the pixels, and for a file with a sequence of pictures.
    """
    path = Path(name)
    place = path if path.exists() else path.parent
    try:
        changed = place.stat().st_mtime_ns
    except OSError as error:
        raise DicomError(f"{place} cannot be opened: {one_line(error)}; check the name") from error
    return _layout(str(path), changed)


@lru_cache(_KEPT)
def _layout(name: str, changed: int) -> DicomLayout:
    try:
        found = find_dicom(name)
    except OSError as error:
        raise DicomError(f"{name} cannot be opened: {one_line(error)}; check it") from error
    if isinstance(found, Pictures):
        if found.frame is None and found.header.kind is Kind.FRAMES:
            raise DicomError(
                f"an image must be one picture, but {name} holds a sequence of {found.header.frames}; name each frame "
                f"that has a label, as {Path(name).name}/frame_0001"
            )
        return DicomLayout((found.header.rows, found.header.columns), None, _session(found.header))
    first = found.headers[0]
    laid = stack(found.headers, found.source)
    return DicomLayout(laid.shape, laid.affine, _session(first), first.frame_of_reference)


def _session(header: Header) -> str:
    if header.frame_of_reference:
        return f"frame of reference {header.frame_of_reference}"
    return f"series {header.series_uid}" if header.series_uid != NO_SERIES_UID else f"file {header.path}"
