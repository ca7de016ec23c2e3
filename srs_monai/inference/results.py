"""Files of results: which there are, and how they are called."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai.data import MetaTensor
from monai.utils import ImageMetaKey

from srs_monai.data.listing import SOURCE_SUFFIXES, stem_and_suffix

MASK, OVERLAY, PROBABILITY = "_mask", "_overlay", "_probability"
VOLUME_ENDING, PICTURE_ENDING = ".nii.gz", ".png"


def result_name(item: Mapping[Any, Any], image: Any) -> str:
    """The name that an item's results begin with: its "name" (see `find_sources`), else that of its image's file."""
    if "name" in item:
        return str(item["name"])
    source = image.meta.get(ImageMetaKey.FILENAME_OR_OBJ, "") if isinstance(image, MetaTensor) else ""
    return stem_and_suffix(Path(str(source)), SOURCE_SUFFIXES)[0] or "image"


def is_finished(output_dir: Path, name: str) -> bool:
    """Whether the mask, the last file of a case to be written, is there."""
    return any((output_dir / f"{name}{MASK}{ending}").is_file() for ending in (VOLUME_ENDING, PICTURE_ENDING))
