"""Which images the reconstruction stage learns from: named, not assumed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from srs_monai.data.datalists.datalist import load_images

Items = list[dict[str, Any]]


def reconstruction_items(
    datalists: Mapping[str, Items], unlabelled_dir: str | Path | None = None, *, with_validation: bool = False
) -> dict[str, Items]:
    """The reconstruction stage's "training" and "validation" items, without their labels.

    Args:
        datalists: as `load_datalist` gives them.
        unlabelled_dir: a folder of further images to learn from, searched recursively.
        with_validation: learn from the validation images too. That is the article's "T+V" setting; it is transductive,
            since those images, though not their masks, are seen in training.

    Raises:
        ValueError: when unlabelled_dir holds no images.
    """
    training = list(datalists["training"])
    if with_validation:
        training += datalists["validation"]
    if unlabelled_dir is not None:
        training += load_images(unlabelled_dir)
    chosen = {"training": training, "validation": datalists["validation"]}
    return {
        part: [{key: value for key, value in item.items() if not key.startswith("label")} for item in items]
        for part, items in chosen.items()
    }
