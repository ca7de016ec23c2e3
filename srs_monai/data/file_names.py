"""Files of a folder by their stems."""

from collections.abc import Sequence
from pathlib import Path

from srs_monai.data.readers.array_file import ARRAY_SUFFIXES, IMAGE_KEY, is_array
from srs_monai.data.readers.nifti import NIFTI_SUFFIXES
from srs_monai.data.readers.picture import PICTURE_SUFFIXES
from srs_monai.dicom.header import DICOM_SUFFIXES, is_dicom, is_dicom_name
from srs_monai.text import few

IMAGE_SUFFIXES = (*NIFTI_SUFFIXES, *PICTURE_SUFFIXES, *ARRAY_SUFFIXES)
SOURCE_SUFFIXES = (*IMAGE_SUFFIXES, *DICOM_SUFFIXES)


def stem_and_suffix(path: Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> tuple[str, str]:
    """The name without its ending, and the ending in lower case: "" where it is none of these; stems may hold dots."""
    for suffix in suffixes:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)], suffix
    return path.name, ""


def without_ending(path: Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> tuple[Path, str]:
    """A path without the ending of its file, and the ending; of an array file's "image", FILE/image, that of FILE."""
    file = path.parent if path.name == IMAGE_KEY and is_array(path) else path
    stem, ending = stem_and_suffix(file, suffixes)
    return file.with_name(stem), ending


def image_files(folder: Path, *, recursive: bool = False) -> list[Path]:
    """Pictures, NIfTI and array files of a folder in the order of their names, without hidden ones."""
    found = folder.rglob("*") if recursive else folder.iterdir()
    return sorted(
        path
        for path in found
        if stem_and_suffix(path)[1]
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def files_by_stem(folder: Path, *, dicom: bool = False) -> dict[str, Path]:
    """The images of a folder by their stems.

    Args:
        folder: where they lie.
        dicom: take DICOM too: files, and folders that hold DICOM files by their names.

    Raises:
        ValueError: when two files share a stem, so that a list cannot tell them apart.
    """
    by_stem: dict[str, Path] = {}
    doubles = []
    found = image_files(folder)
    for path in sorted([*found, *_dicom_in(folder)]) if dicom else found:
        stem = path.name if path.is_dir() else stem_and_suffix(path, SOURCE_SUFFIXES if dicom else IMAGE_SUFFIXES)[0]
        if stem in by_stem:
            doubles.append(f"{by_stem[stem].name} and {path.name}")
        by_stem[stem] = path
    if doubles:
        raise ValueError(f"one file belongs to a name, but {folder} holds {few(doubles)}; keep one of each")
    return by_stem


def _dicom_in(folder: Path) -> list[Path]:
    """DICOM files of a folder, and folders in it that hold any."""
    visible = [path for path in folder.iterdir() if not path.name.startswith(".") and path.name.upper() != "DICOMDIR"]
    unknown = [path for path in visible if path.is_file() and not stem_and_suffix(path)[1]]
    files = [path for path in unknown if is_dicom_name(path) or is_dicom(path)]
    return files + [path for path in visible if path.is_dir() and _holds_dicom(path)]


def _holds_dicom(folder: Path) -> bool:
    """Whether one of the files of a folder carries DICOM's mark."""
    return any(path.is_file() and not path.name.startswith(".") and is_dicom(path) for path in folder.iterdir())
