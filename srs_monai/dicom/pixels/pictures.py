"""DICOM files without a position in the patient as pictures, rows first."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut

from srs_monai.dicom.header import Header
from srs_monai.dicom.pixels.decode import decoded, grey, is_padding, reasons
from srs_monai.dicom.pixels.ultrasound_regions import tissue_region


def read_pictures(header: Header, frames: Sequence[int]) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Frames of a file, counted from 0, as (C, H, W, F), and facts about them.

    YBR becomes RGB, palettes become their colours in 8 bits (one channel if all are grey), and MONOCHROME1 is inverted.
    Padding becomes the smallest value of its picture. The facts are "stored_max", the full scale of the values, and
    "ultrasound_region" (see `tissue_region`), if they are known.

    Raises:
        DicomError: for pixels that cannot be decoded or do not match the header.
    """
    pictures = _each(header, frames)
    first, dataset = next(pictures)
    sequence = np.empty((*first.shape, len(frames)), dtype=np.float32)
    sequence[..., 0] = first
    for number, (picture, _) in enumerate(pictures, start=1):
        if len(picture) > len(sequence):  # the first coloured frame of a palette
            sequence = np.repeat(sequence, len(picture), axis=0)
        sequence[..., number] = picture
    with reasons(header):
        known = {"stored_max": _stored_max(dataset, header), "ultrasound_region": tissue_region(dataset)}
    return sequence, {key: value for key, value in known.items() if value is not None}


def _each(header: Header, frames: Sequence[int]) -> Iterator[tuple[NDArray[np.float32], Dataset]]:
    for stored, dataset in decoded(header, frames, keep=True):
        with reasons(header):
            picture = _picture(stored, dataset, header)
        yield picture, dataset


def _picture(stored: NDArray[Any], dataset: Dataset, header: Header) -> NDArray[np.float32]:
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        stored = _in_colours(stored, dataset)
        return _channels_first(stored[..., 0] if (stored == stored[..., :1]).all() else stored)
    if stored.ndim == 3:
        return _channels_first(stored)
    values = grey(stored, dataset, header)
    padding = is_padding(stored, dataset)
    if not padding.all():
        values[padding] = values[~padding].min()
    return values[None]


def _stored_max(dataset: Dataset, header: Header) -> float | None:
    """The full scale of values; None if they are signed, rescaled or not integers."""
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        return 255.0
    is_colour = dataset.get("SamplesPerPixel", 1) > 1
    as_stored = not header.rescaled or (header.rescale == (1, 0) and not header.modality_table)
    if (is_colour or as_stored) and dataset.get("PixelRepresentation") == 0:
        return float(2**dataset.BitsStored - 1)
    return None


def _in_colours(stored: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    colours = apply_color_lut(stored, dataset)[..., :3]  # a table of alpha may follow
    if colours.shape[-1] < 3:
        raise ValueError(
            f"a palette must have tables of red, green and blue, but this one has {colours.shape[-1]} tables"
        )
    return colours >> 8 if colours.dtype == np.uint16 else colours


def _channels_first(picture: NDArray[Any]) -> NDArray[np.float32]:
    rows_first = picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)
    return np.ascontiguousarray(rows_first, dtype=np.float32)
