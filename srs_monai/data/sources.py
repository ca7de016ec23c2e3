"""The images under a path: series, files and frames, each with a name for its results."""

import json
import logging
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from srs_monai.data.file_names import SOURCE_SUFFIXES, stem_and_suffix
from srs_monai.data.readers.array_file import ARRAY_SUFFIXES, IMAGE_KEY, array_header, file_and_key, image_in, is_array
from srs_monai.data.readers.nifti import NIFTI_SUFFIXES
from srs_monai.data.readers.picture import PICTURE_SUFFIXES
from srs_monai.dicom.folder import FRAME_NAME, folder_entries
from srs_monai.dicom.header import NO_SERIES_UID, DicomError, Header, Kind, NoImageError, is_dicom_name
from srs_monai.dicom.header_cache import file_record
from srs_monai.dicom.series import group_by_series
from srs_monai.text import few

logger = logging.getLogger(__name__)

_LARGEST_SIDECAR = 2**20  # bytes; annotations in JSON can be large
_SUPPORTED = (
    f"DICOM, NIfTI ({', '.join(NIFTI_SUFFIXES)}), pictures ({', '.join(PICTURE_SUFFIXES)}) or arrays "
    f"({', '.join(ARRAY_SUFFIXES)})"
)


def find_sources(path: str | Path, results_dir: str | Path | None = None) -> list[dict[str, str]]:
    """List the images under a path as items {"image": a source for MedicalImageReader, "name": name of its results}.

    A file is one item; a DICOM file with a sequence of pictures gives one item for each frame. In a folder and its
    sub-folders, these are items:

    - each DICOM series: the folder if it holds only one series, else FOLDER/SERIES_UID;
    - each other DICOM image, NIfTI file and picture;
    - each array file, with the array "image" if it holds several.

    `path` may also be one series, one frame or one array (FILE/KEY). Localizers, hidden files, files that are not
    images, and results that a sidecar lists are skipped and logged. Files that cannot be opened, DICOM files with
    faulty headers, files with the ending of DICOM only, and unsupported DICOM images are items too. They fail by name
    later; otherwise a lost slice of a series could stay unnoticed.

    A name is the path relative to `path` without its ending, "scans/patient1". Equal names keep their endings, "a_png"
    and "a_jpg".

    Args:
        path: path of a file or folder.
        results_dir: a folder of results; its files are not listed.

    Returns:
        At least one item, in the order of their paths.

    Raises:
        ValueError: when the path does not exist or holds no image, when its file lacks the array, and when
            `results_dir` is the path itself.
    """
    root = Path(path).expanduser().absolute()
    results = None if results_dir is None else Path(results_dir).expanduser().resolve()
    if root.resolve() == results:
        raise ValueError(
            f"results and images must be in different folders, but both are in {root}; name another output folder "
            "(output_dir)"
        )
    if root.is_file():
        found = list(_file(root))
    elif root.is_dir():
        found = sources_below(root, results)
    elif file_and_key(root.parent):
        array_header(root)
        found = [root]
    else:
        found = _one_of(root)
    if not found:
        raise ValueError(f"a folder must hold {_SUPPORTED}, but {root} holds none; name the folder with the images")
    names = _names(found, _base(root, found))
    return [{"image": str(source), "name": name} for source, name in zip(found, names, strict=True)]


def sources_below(folder: Path, results: Path | None = None) -> list[Path]:
    """The images in a folder and its sub-folders except `results`; see `find_sources`."""
    return list(_folder(folder, seen={results} if results else set()))


def _file(path: Path) -> Iterator[Path]:
    record = file_record(path)
    if record.is_dicom or is_dicom_name(path):
        yield from _frames(record.header)
    elif stem_and_suffix(path)[1]:
        yield _image_in(path)
    else:
        raise ValueError(f"an image must be {_SUPPORTED}, but {path} is none of them; convert it")


def _base(root: Path, found: list[Path]) -> Path:
    """The folder to which names of results are relative; for a file, or a part of a file, the folder of the file."""
    if parts := file_and_key(root):
        return parts[0].parent
    base = root.parent if root.is_file() or root in found else root
    return base.parent if base.is_file() else base


def _one_of(name: Path) -> list[Path]:
    """One series of a folder or one frame of a file, by its name in `find_sources`."""
    above = name.parent
    found: list[Path] = []
    if above.is_file():
        found = list(_file(above))
    elif above.is_dir() and (name.name == NO_SERIES_UID or any(map(str.isdigit, name.name))):  # like a series UID
        found, _, _ = _contents(above)
    if name not in found:
        raise ValueError(f"a file or folder must exist, but there is nothing at {name}; check the name")
    return [name]


def _image_in(path: Path) -> Path:
    return Path(image_in(path)) if is_array(path) else path


def _frames(header: Header) -> Iterator[Path]:
    if header.kind is Kind.FRAMES:
        yield from (header.path / FRAME_NAME.format(number) for number in range(1, header.frames + 1))
    else:
        yield header.path


def _folder(folder: Path, seen: set[Path], results: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """The sources in a folder, then those in its sub-folders, except for folders in `seen`."""
    seen.add(folder.resolve())
    results |= _results(folder)
    sources, subfolders, skipped = _contents(folder, results)
    if skipped:
        logger.info("%s: skipped %s", folder, skipped)
    yield from sources
    for subfolder in subfolders:
        if subfolder.resolve() not in seen:
            yield from _folder(subfolder, seen, results)


def _results(folder: Path) -> frozenset[Path]:
    """The files that the sidecars in a folder list, which are results of an earlier run."""
    return frozenset(folder / file for sidecar in folder.glob("*.json") for file in _listed(sidecar))


def _listed(sidecar: Path) -> list[str]:
    """The files that a sidecar lists; none for any other JSON file."""
    try:
        if not sidecar.is_file() or sidecar.stat().st_size > _LARGEST_SIDECAR:
            return []
        content = json.loads(sidecar.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(content, dict) or "weights" not in content:
        return []
    files, versions = content.get("files"), content.get("versions")
    if not isinstance(files, list) or not isinstance(versions, dict) or "srs_monai" not in versions:
        return []
    return [file for file in files if isinstance(file, str)]


def _contents(folder: Path, results: frozenset[Path] = frozenset()) -> tuple[list[Path], list[Path], str]:
    """The sources in a folder, its sub-folders, and a list of skipped files."""
    skipped: list[str] = []
    not_images: list[str] = []  # DICOM files; all are named, because the user may expect them among the results
    headers: list[Header] = []
    others: list[Path] = []
    subfolders: list[Path] = []
    for entry, status in folder_entries(folder):
        path = Path(entry.path)
        if entry.name.startswith("."):
            skipped.append(f"{entry.name} (hidden)")
        elif status is not None and stat.S_ISDIR(status.st_mode):
            subfolders.append(path)
        elif path in results:
            skipped.append(f"{entry.name} (a result of an earlier run)")
        elif status is None or not stat.S_ISREG(status.st_mode):
            skipped.append(f"{entry.name} (not a file, or a broken link)")
        else:
            try:
                record = file_record(path, status)
                if record.is_dicom:
                    headers.append(record.header)
                elif stem_and_suffix(path)[1] or is_dicom_name(path):
                    others.append(_image_in(path))
                else:
                    skipped.append(entry.name)
            except NoImageError as error:
                if error.unread_image:
                    others.append(path)  # the reader's error has the way out
                else:
                    not_images.append(f"{entry.name} ({error.what})")
            except DicomError:
                others.append(path)  # the reader raises its error
    localizers = [header.path.name for header in headers if header.kind is Kind.SLICE and header.localizer]
    not_images += [f"{name} (localizer)" for name in localizers]
    if skipped:
        not_images.append(few(skipped))
    others += [source for header in headers if header.kind is not Kind.SLICE for source in _frames(header)]
    return sorted([*_series(folder, headers), *others]), subfolders, ", ".join(not_images)


def _series(folder: Path, headers: list[Header]) -> Iterator[Path]:
    series = group_by_series(headers)
    large = [uid for uid, slices in series.items() if len(slices) > 1]
    for uid, slices in series.items():
        if len(slices) == 1:
            yield slices[0].path
        else:
            yield folder if len(large) == 1 else folder / uid


def _names(sources: list[Path], base: Path) -> list[str]:
    """A name for each source; all differ, also if upper and lower case are not distinguished."""
    parts = [_name_and_ending(source, base) for source in sources]
    taken = Counter(name.lower() for name, _ in parts)
    names: list[str] = []
    used: set[str] = set()
    for name, ending in parts:
        unique = name + ending.replace(".", "_") if taken[name.lower()] > 1 else name
        while unique.lower() in used:
            unique += "_2"
        used.add(unique.lower())
        names.append(unique)
    return names


def _name_and_ending(source: Path, base: Path) -> tuple[str, str]:
    """The relative path of a source without the ending of its file, and the ending; a series UID has no ending."""
    if parts := file_and_key(source):
        file, part = parts[0], "" if parts[1] == IMAGE_KEY else parts[1]
        stem, ending = stem_and_suffix(file, SOURCE_SUFFIXES)
    else:
        file, part = (source.parent, source.name) if source.parent.is_file() else (source, "")
        stem, ending = stem_and_suffix(file, SOURCE_SUFFIXES) if file.is_file() else (file.name, "")
    name = (file.parent.relative_to(base) / stem).as_posix()
    return f"{name}/{part}" if part else name, ending
