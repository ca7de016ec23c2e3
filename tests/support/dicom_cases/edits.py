"""Edits: what a case changes in the data set of slice i before it is written."""

from collections.abc import Callable
from typing import Any

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.tag import Tag

Edit = Callable[[Dataset, int], None]


def set_tags(**tags: Any) -> Edit:
    """Give tags a value: a function gives that of slice i, None removes the tag."""

    def edit(dataset: Dataset, i: int) -> None:
        for tag, value in tags.items():
            met = value(i) if callable(value) else value
            if met is not None:
                setattr(dataset, tag, met)
            elif tag in dataset:
                delattr(dataset, tag)

    return edit


def split(tags_and_options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tags, which begin with a capital letter, and options, which do not."""
    tags = {name: value for name, value in tags_and_options.items() if name[0].isupper()}
    return tags, {name: value for name, value in tags_and_options.items() if name not in tags}


def on_slice(number: int, **tags: Any) -> Edit:
    """Set the tags of one slice alone."""
    edit = set_tags(**tags)
    return lambda dataset, i: edit(dataset, i) if i == number else None


def in_turn(*edits: Edit | None) -> Edit:
    """Make several edits, one after the other; None is skipped."""

    def edit(dataset: Dataset, i: int) -> None:
        for one in edits:
            if one is not None:
                one(dataset, i)

    return edit


def as_vr(tag: str, vr: str, convert: Callable[[Any], Any]) -> Edit:
    """Write a tag's value in another form."""
    return lambda dataset, i: dataset.add(DataElement(Tag(tag), vr, convert(dataset[tag].value)))


def change_pixels(change: Callable[[bytes], bytes]) -> Edit:
    """Write other bytes for the pixels."""
    return lambda dataset, i: setattr(dataset, "PixelData", change(dataset.PixelData))


def as_float(dataset: Dataset, i: int) -> None:
    """Write the pixels as floats."""
    values = np.frombuffer(dataset.PixelData, np.int16).astype(np.float32)
    for tag in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, tag)
    dataset.FloatPixelData, dataset.BitsAllocated = values.tobytes(), 32


IN_ORDER = set_tags(InstanceNumber=lambda i: i + 1)
