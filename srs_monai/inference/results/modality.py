"""Whether an image is of the modality that the weights were trained on."""

from collections.abc import Mapping
from typing import Any

from srs_monai.data.recipes import RECIPES

_NAMES = {"US": "ultrasound", "IVUS": "ultrasound", "CT": "CT", "MR": "MR"}  # of DICOM's modalities, as recipes say


def modality_warnings(recipe: str | None, meta: Mapping[str, Any]) -> list[str]:
    """A sentence where a DICOM image is known to be of another modality than the data set of the training, else none.

    Args:
        recipe: name of the data set that the weights were trained on; None where it is not known.
        meta: what the reader knew of the image.
    """
    trained = RECIPES.get(recipe or "")
    here = _NAMES.get(str(meta.get("modality", "")))
    if trained is None or here in (None, trained.modality) or meta.get("source_kind") != "dicom":
        return []
    return [f"trained on {trained.modality} (recipe {trained.name}), but this is {here}"]
