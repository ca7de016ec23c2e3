"""What an image's meta data say about where it came from."""

from collections.abc import Collection
from typing import Any

from monai.data import MetaTensor
from monai.utils import ImageMetaKey, TraceKeys
from torch import Tensor


def meta_of(image: Tensor) -> dict[str, Any]:
    """The meta data of an image; plain tensors have none."""
    return image.meta if isinstance(image, MetaTensor) else {}


def source_of(image: Tensor) -> str:
    """The file's name for a message."""
    return str(meta_of(image).get(ImageMetaKey.FILENAME_OR_OBJ, "an image that no file is named for"))


def stored_max_of(image: Tensor) -> float | None:
    """Full scale of the stored type; None where there is none, or where the values are stored ones no more."""
    stored_max = meta_of(image).get("stored_max")
    return None if stored_max in (None, TraceKeys.NONE) else float(stored_max)


def without_stored_max(image: Tensor) -> Tensor:
    """The image, which shares no meta data with its source and says nothing of a full scale that has passed."""
    if isinstance(image, MetaTensor):
        image.meta = {key: value for key, value in image.meta.items() if key != "stored_max"}
    return image


def check_modality(image: Tensor, known: Collection[str], rule: str) -> None:
    """Refuse an image whose file says that it is of another modality; pictures and NIfTI say nothing."""
    modality = meta_of(image).get("modality")
    if modality and modality not in known:
        raise ValueError(
            f"{rule}, but {source_of(image)} is {modality}; choose intensity 'auto' or the preprocessing of its "
            f"modality"
        )
