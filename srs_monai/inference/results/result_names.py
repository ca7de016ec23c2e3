"""Files of results: which there are, and how they are called."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.data import MetaTensor
from monai.utils import ImageMetaKey

from srs_monai.data.file_names import SOURCE_SUFFIXES, stem_and_suffix

MASK, OVERLAY, PROBABILITY = "_mask", "_overlay", "_probability"
NIFTI_ENDING, PNG_ENDING, SIDECAR_ENDING = ".nii.gz", ".png", ".json"
WRITTEN = "written"  # key of an item: the files written for it so far, as names in the folder of its sidecar


def result_name(item: Mapping[Any, Any], image: Any) -> str:
    """The name that an item's results begin with: its "name" (see `find_sources`), else that of its image's file."""
    if "name" in item:
        return str(item["name"])
    source = image.meta.get(ImageMetaKey.FILENAME_OR_OBJ, "") if isinstance(image, MetaTensor) else ""
    return stem_and_suffix(Path(str(source)), SOURCE_SUFFIXES)[0] or "image"


def sidecar_path(output_dir: str | Path, name: str) -> Path:
    """Where the sidecar of a case lies."""
    return Path(output_dir) / f"{name}{SIDECAR_ENDING}"


def read_sidecar(output_dir: str | Path, name: str) -> dict[str, Any] | None:
    """What the sidecar of a case says; None where there is none, or a file that is none stands in its place."""
    try:
        content = json.loads(sidecar_path(output_dir, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("files"), list) else None


def is_finished(output_dir: str | Path, name: str) -> bool:
    """Whether the sidecar, the last file of a case, is there with all files that it lists."""
    sidecar = read_sidecar(output_dir, name)
    if sidecar is None:
        return False
    folder = sidecar_path(output_dir, name).parent
    return all((folder / str(file)).is_file() for file in sidecar["files"])


def remove_replaced(output_dir: str | Path, name: str, before: Mapping[str, Any] | None, files: Sequence[str]) -> None:
    """Remove a case's own files that its sidecar listed before and that are not among the new ones.

    A sidecar names files as a user may have changed them: nothing but files named after the case is touched.
    """
    folder = sidecar_path(output_dir, name).parent
    for file in map(str, before["files"] if before else ()):
        path = folder / file
        if file in files or ".." in path.parts or not file.startswith(f"{Path(name).name}_"):
            continue
        path.unlink(missing_ok=True)
        if path.parent != folder and path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
