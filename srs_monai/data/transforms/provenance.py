"""What the meta data of an image say about its file."""

from collections.abc import Collection
from typing import Any

from monai.data import MetaTensor
from monai.utils import ImageMetaKey, TraceKeys
from torch import Tensor


def meta_of(image: Tensor) -> dict[str, Any]:
    """The meta data of an image; empty for plain tensors."""
    return image.meta if isinstance(image, MetaTensor) else {}


def source_of(image: Tensor) -> str:
    """The file's name, for messages."""
    return str(meta_of(image).get(ImageMetaKey.FILENAME_OR_OBJ, "an image without a file name"))


def stored_max_of(image: Tensor) -> float | None:
    """Full scale of the stored type; None if the type has none, or the values are scaled already."""
    stored_max = meta_of(image).get("stored_max")
    return None if stored_max in (None, TraceKeys.NONE) else float(stored_max)


def without_stored_max(image: Tensor) -> Tensor:
    """The image without a full scale, which scaled values no longer have; its meta data become a copy."""
    if isinstance(image, MetaTensor):
        image.meta = {key: value for key, value in image.meta.items() if key != "stored_max"}
    return image


def check_modality(image: Tensor, known: Collection[str], rule: str) -> None:
    """Reject an image whose file states another modality; pictures and NIfTI files state none."""
    modality = meta_of(image).get("modality")
    if modality and modality not in known:
        raise ValueError(
            f"{rule}, but {source_of(image)} is {modality}; choose intensity 'auto' or the preprocessing of its "
            f"modality"
        )
