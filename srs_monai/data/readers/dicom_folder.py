"""The DICOM files of one folder, and names for the series and frames that share a file or folder."""

from pathlib import Path

from srs_monai.data.readers.dicom_header import Header, NoImageError, read_header

FRAME_NAME = "frame_{:04d}"


def read_folder(folder: Path) -> tuple[list[Header], list[str]]:
    """The headers of the images in a folder, by name, and what was left out: hidden, other and sub-folders.

    Raises:
        DicomError: for an image whose header is faulty: without it, a series could be cut short unnoticed.
    """
    headers, left_out = [], []
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            left_out.append(f"the folder {path.name}")
        elif path.name.startswith("."):
            left_out.append(f"{path.name} (hidden)")
        else:
            try:
                headers.append(read_header(path))
            except NoImageError as error:
                left_out.append(f"{path.name} ({error.what})")
    return headers, left_out


def frame_number(name: str) -> int | None:
    """The number in a frame's name, counted from 1; None where it is no such name."""
    digits = name.removeprefix("frame_")
    return int(digits) if digits != name and digits.isdecimal() else None
