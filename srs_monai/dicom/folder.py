"""The DICOM files of one folder, and names for the series and frames that share a file or folder."""

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from srs_monai.dicom.header import (
    DicomError,
    Header,
    Kind,
    NoImageError,
    is_dicom,
    is_dicom_name,
    read_header,
)
from srs_monai.errors import one_line
from srs_monai.text import few

logger = logging.getLogger(__name__)

FRAME_NAME = "frame_{:04d}"


def read_folder(folder: Path) -> tuple[list[Header], list[str]]:
    """The headers of the images in a folder, by name, and what was left out: hidden, other and sub-folders.

    Raises:
        DicomError: when the folder cannot be listed, for an image whose header is faulty or that is empty, as a broken
            copy leaves it, and for other files named like the slices: a series could be cut short unnoticed.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise DicomError(f"{folder} cannot be listed: {one_line(error)}; change its permissions") from error
    headers, left_out, empty, strangers = [], [], [], []
    for path in paths:
        if path.is_dir():
            left_out.append(f"the folder {path.name}")
        elif path.name.startswith("."):
            left_out.append(f"{path.name} (hidden)")
        elif not path.is_file():
            left_out.append(f"{path.name} (no file, or a link to none)")
        elif path.name.upper() == "DICOMDIR":
            left_out.append(f"{path.name} (a DICOMDIR, a list of files)")
        elif path.stat().st_size == 0:
            empty.append(path)
        else:
            try:
                headers.append(read_header(path))
            except NoImageError as error:
                left_out.append(f"{path.name} ({error.what})")
                if is_dicom_name(path):
                    logger.warning("%s is left out: it is %s", path, error.what)
                if not is_dicom(path):
                    strangers.append(path)
    endings = {header.path.suffix.lower() for header in headers}
    for path in empty:
        if is_dicom_name(path) or path.suffix.lower() in endings:
            raise DicomError(f"an image has content, but {path} is empty; fetch it again, or take it away")
        left_out.append(f"{path.name} (empty)")
    _check_none_is_lost(headers, strangers, folder)
    return headers, left_out


def _check_none_is_lost(headers: Sequence[Header], strangers: Iterable[Path], folder: Path) -> None:
    """A slice that was overwritten is known by its name alone."""
    names = {_without_numbers(header.path) for header in headers if header.kind is Kind.SLICE}
    lost = [path.name for path in strangers if _without_numbers(path) in names]
    if lost:
        raise DicomError(
            f"what is named like the slices is one, but {few(lost)} in {folder}, named like them, are no DICOM files, "
            f"for they lack the mark 'DICM'; fetch them again, or take them out of the folder"
        )


def _without_numbers(path: Path) -> str:
    return re.sub(r"\d+", "0", path.name)


def frame_number(name: str) -> int | None:
    """The number in a frame's name, counted from 1; None where it is no such name."""
    digits = name.removeprefix("frame_")
    return int(digits) if digits != name and digits.isdecimal() else None
