"""Names of result files, and which of them exist."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.data import MetaTensor
from monai.utils import ImageMetaKey

from srs_monai.data.file_names import SOURCE_SUFFIXES, stem_and_suffix

MASK, OVERLAY, PROBABILITY = "_mask", "_overlay", "_probability"
NIFTI_ENDING, PNG_ENDING, SIDECAR_ENDING = ".nii.gz", ".png", ".json"
WRITTEN = "written"  # key of an item: names of the files that are already written, beside its sidecar


def result_name(item: Mapping[Any, Any], image: Any) -> str:
    """The beginning of an item's file names: its "name" (see `find_sources`), else the name of its image file."""
    if "name" in item:
        return str(item["name"])
    source = image.meta.get(ImageMetaKey.FILENAME_OR_OBJ, "") if isinstance(image, MetaTensor) else ""
    return stem_and_suffix(Path(str(source)), SOURCE_SUFFIXES)[0] or "image"


def sidecar_path(output_dir: str | Path, name: str) -> Path:
    """The path of a case's sidecar."""
    return Path(output_dir) / f"{name}{SIDECAR_ENDING}"


def read_sidecar(output_dir: str | Path, name: str) -> dict[str, Any] | None:
    """The content of a case's sidecar; None if it is missing or is not a sidecar."""
    try:
        content = json.loads(sidecar_path(output_dir, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("files"), list) else None


def is_finished(output_dir: str | Path, name: str) -> bool:
    """Whether the sidecar, which is written last, and all files that it lists exist."""
    sidecar = read_sidecar(output_dir, name)
    if sidecar is None:
        return False
    folder = sidecar_path(output_dir, name).parent
    return all((folder / str(file)).is_file() for file in sidecar["files"])


def remove_replaced(output_dir: str | Path, name: str, before: Mapping[str, Any] | None, files: Sequence[str]) -> None:
    """Remove the files that a case's earlier sidecar listed and that the new one does not list.

    Only files whose names begin with the name of the case are removed, because a user may have edited the sidecar.
    """
    folder = sidecar_path(output_dir, name).parent
    for file in map(str, before["files"] if before else ()):
        path = folder / file
        if file in files or ".." in path.parts or not file.startswith(f"{Path(name).name}_"):
            continue
        path.unlink(missing_ok=True)
        if path.parent != folder and path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()
