"""Names of image files: endings, stems, and the images of a folder."""

from collections.abc import Sequence
from pathlib import Path

from srs_monai.data.readers.array_file import ARRAY_SUFFIXES, IMAGE_KEY, is_array
from srs_monai.data.readers.nifti import NIFTI_SUFFIXES
from srs_monai.data.readers.picture import PICTURE_SUFFIXES
from srs_monai.dicom.header import DICOM_SUFFIXES, is_dicom_name
from srs_monai.dicom.header_cache import is_dicom
from srs_monai.text import few

IMAGE_SUFFIXES = (*NIFTI_SUFFIXES, *PICTURE_SUFFIXES, *ARRAY_SUFFIXES)
SOURCE_SUFFIXES = (*IMAGE_SUFFIXES, *DICOM_SUFFIXES)


def stem_and_suffix(path: Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> tuple[str, str]:
    """The name without its ending, and the ending in lower case; "" if it is none of these. Stems may hold dots."""
    for suffix in suffixes:
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)], suffix
    return path.name, ""


def without_ending(path: Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> tuple[Path, str]:
    """A path without the ending of its file, and the ending; FILE/image of an array file counts as FILE."""
    file = path.parent if path.name == IMAGE_KEY and is_array(path) else path
    stem, ending = stem_and_suffix(file, suffixes)
    return file.with_name(stem), ending


def image_files(folder: Path, *, recursive: bool = False) -> list[Path]:
    """Pictures, NIfTI and array files of a folder, sorted; hidden files are skipped."""
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
        folder: folder of the images.
        dicom: include DICOM files, and folders with DICOM files by their own names.

    Raises:
        ValueError: when two files share a stem: a list could not distinguish them.
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
        raise ValueError(f"a name must belong to one file, but {folder} holds {few(doubles)}; keep one of each")
    return by_stem


def _dicom_in(folder: Path) -> list[Path]:
    """DICOM files of a folder, and its sub-folders that hold any."""
    visible = [path for path in folder.iterdir() if not path.name.startswith(".") and path.name.upper() != "DICOMDIR"]
    unknown = [path for path in visible if path.is_file() and not stem_and_suffix(path)[1]]
    files = [path for path in unknown if is_dicom_name(path) or is_dicom(path)]
    return files + [path for path in visible if path.is_dir() and _holds_dicom(path)]


def _holds_dicom(folder: Path) -> bool:
    """Whether one of the files of a folder carries DICOM's mark."""
    return any(path.is_file() and not path.name.startswith(".") and is_dicom(path) for path in folder.iterdir())
