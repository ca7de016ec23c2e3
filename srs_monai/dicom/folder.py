"""The DICOM images of one folder, and names for the series and frames that share a file or folder."""

import logging
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from srs_monai.dicom.header import DicomError, Header, Kind, NoImageError, is_dicom_name
from srs_monai.dicom.header_cache import file_record
from srs_monai.errors import one_line
from srs_monai.text import few

logger = logging.getLogger(__name__)

FRAME_NAME = "frame_{:04d}"


def folder_entries(folder: Path) -> Iterator[tuple[os.DirEntry[str], os.stat_result | None]]:
    """The entries of a folder, sorted by name, each with its status; None for a broken link.

    Raises:
        OSError: when the folder cannot be listed.
    """
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        try:
            yield entry, entry.stat()
        except OSError:
            yield entry, None


def read_folder(folder: Path) -> tuple[list[Header], list[str]]:
    """The headers of the images in a folder, sorted by name, and the skipped hidden files, other files and sub-folders.

    Raises:
        DicomError: when the folder cannot be listed, for a file with a faulty header, for an empty file, and for other
            files that are named like slices: without these files a series may lack slices.
    """
    headers, skipped, empty, strangers = [], [], [], []
    try:
        entries = list(folder_entries(folder))
    except OSError as error:
        raise DicomError(f"{folder} cannot be listed: {one_line(error)}; change its permissions") from error
    for entry, status in entries:
        if status is not None and stat.S_ISDIR(status.st_mode):
            skipped.append(f"the folder {entry.name}")
        elif entry.name.startswith("."):
            skipped.append(f"{entry.name} (hidden)")
        elif status is None or not stat.S_ISREG(status.st_mode):
            skipped.append(f"{entry.name} (not a file, or a broken link)")
        elif entry.name.upper() == "DICOMDIR":
            skipped.append(f"{entry.name} (a DICOMDIR, a list of files)")
        elif status.st_size == 0:
            empty.append(Path(entry.path))
        else:
            record = file_record(entry.path, status)
            try:
                headers.append(record.header)
            except NoImageError as error:
                skipped.append(f"{entry.name} ({error.what})")
                if is_dicom_name(record.path):
                    logger.warning("%s is skipped: it is %s", record.path, error.what)
                if not record.is_dicom:
                    strangers.append(record.path)
    endings = {header.path.suffix.lower() for header in headers} if empty else set()
    for path in empty:
        if is_dicom_name(path) or path.suffix.lower() in endings:
            raise DicomError(f"an image must have content, but {path} is empty; fetch it again or remove it")
        skipped.append(f"{path.name} (empty)")
    if strangers:
        _check_none_is_lost(headers, strangers, folder)
    return headers, skipped


def _check_none_is_lost(headers: Sequence[Header], strangers: Iterable[Path], folder: Path) -> None:
    """Reject a folder in which a slice may have been overwritten, as its name shows."""
    names = {_without_numbers(header.path) for header in headers if header.kind is Kind.SLICE}
    lost = [path.name for path in strangers if _without_numbers(path) in names]
    if lost:
        raise DicomError(
            f"files that are named like slices must be slices, but {few(lost)} in {folder} lack DICOM's mark 'DICM'; "
            f"fetch them again or remove them from the folder"
        )


def _without_numbers(path: Path) -> str:
    return re.sub(r"\d+", "0", path.name)


def frame_number(name: str) -> int | None:
    """The number in the name of a frame, counted from 1; None for other names."""
    digits = name.removeprefix("frame_")
    return int(digits) if digits != name and digits.isdecimal() else None
