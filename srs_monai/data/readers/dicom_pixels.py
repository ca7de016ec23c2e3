"""Pixels of DICOM files as numbers that mean something."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import pixel_array

from srs_monai.data.readers.dicom_header import DicomError, Header, library_warnings
from srs_monai.errors import one_line

CT_PADDING_HU = -1024.0  # what scanners write where nothing was measured


def slice_values(header: Header) -> NDArray[np.float32]:
    """The values (rows, columns) of one slice: HU for CT, else what the modality's rescaling gives.

    MONOCHROME1 changes how values are shown, not what HU they are; other modalities are inverted, so that high is
    bright. What a CT marks as padding, often -3024 HU, becomes -1024 HU.
    """
    stored, dataset = _decoded(header, header.frame)
    if header.modality != "CT":
        return _rescaled(_bright_is_high(stored, dataset), dataset, header)
    values = _rescaled(stored, dataset, header)
    values[_is_padding(stored, dataset)] = CT_PADDING_HU
    return values


def picture_values(header: Header, frame: int = 0) -> tuple[NDArray[np.float32], float | None]:
    """One picture (C, H, W) and the full scale of its values, None where it has none.

    YBR becomes RGB, palettes their colours in 8 bits (one channel, where all are grey), MONOCHROME1 is inverted.
    """
    stored, dataset = _decoded(header, frame)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        stored = _in_colours(stored, dataset)
        if (stored == stored[..., :1]).all():
            stored = stored[..., 0]
        return _channels_first(stored), 255.0
    if stored.ndim == 3:
        return _channels_first(stored), float(2**dataset.BitsStored - 1)
    values = _rescaled(_bright_is_high(stored, dataset), dataset, header)
    as_stored = not header.rescaled or (header.rescale == (1, 0) and not header.modality_table)
    counted = np.issubdtype(stored.dtype, np.unsignedinteger)
    return values[None], float(2**dataset.BitsStored - 1) if as_stored and counted else None


def _decoded(header: Header, frame: int) -> tuple[NDArray[Any], Dataset]:
    """The stored values of one frame, colour as RGB, and the tags that say what they mean."""
    said: list[str] = []
    try:
        with library_warnings(header.path) as said:
            dataset = dcmread(header.path)
            stored = pixel_array(dataset, index=None if header.frames == 1 else frame)
    except Exception as error:  # broken files make the decoders raise nearly anything
        raise DicomError(
            f"the pixels of {header.path} cannot be read: {one_line(error, *said)}; fetch the file again, or convert "
            f"it to an uncompressed transfer syntax where a decoder is missing"
        ) from error
    return stored, dataset


def _rescaled(stored: NDArray[Any], dataset: Dataset, header: Header) -> NDArray[np.float32]:
    if header.modality_table:
        return np.array(apply_modality_lut(stored, dataset), dtype=np.float32)
    slope, intercept = header.rescale or (1.0, 0.0)
    return np.array(stored * slope + intercept, dtype=np.float32)


def _bright_is_high(stored: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """MONOCHROME1 counts from white: turn its range of stored values round."""
    shape = dataset.get("PresentationLUTShape")
    if shape != "INVERSE" and (shape or dataset.PhotometricInterpretation != "MONOCHROME1"):
        return stored
    if not np.issubdtype(stored.dtype, np.integer):
        return -stored
    highest_and_lowest = 2**dataset.BitsStored - 1 if np.issubdtype(stored.dtype, np.unsignedinteger) else -1
    return highest_and_lowest - stored.astype(np.int64)


def _is_padding(stored: NDArray[Any], dataset: Dataset) -> NDArray[np.bool_]:
    value, limit = dataset.get("PixelPaddingValue"), dataset.get("PixelPaddingRangeLimit")
    if value is None or not np.issubdtype(stored.dtype, np.integer):
        return np.zeros(stored.shape, dtype=bool)
    # the tag may be written unsigned where pixels are signed
    ends = np.array([value, value if limit is None else limit]).astype(stored.dtype)
    return np.asarray((stored >= ends.min()) & (stored <= ends.max()))


def _in_colours(stored: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    colours = apply_color_lut(stored, dataset)
    return colours >> 8 if colours.dtype == np.uint16 else colours


def _channels_first(picture: NDArray[Any]) -> NDArray[np.float32]:
    rows_first = picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)
    return np.ascontiguousarray(rows_first, dtype=np.float32)
