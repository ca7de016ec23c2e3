"""Pixels of DICOM files as numbers that mean something."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_modality_lut
from pydicom.pixels.utils import iter_pixels
from pydicom.uid import UID, RLELossless

from srs_monai.dicom.header import DicomError, Header
from srs_monai.dicom.library_warnings import library_warnings
from srs_monai.dicom.pixels.codestream import run_length_pixels, stated_size
from srs_monai.dicom.whole_headers import keep_header
from srs_monai.errors import one_line
from srs_monai.files import file_stamp
from srs_monai.text import by

CT_PADDING_HU = -1024.0  # what scanners write where nothing was measured
_INSTEAD_OF_GDCM = ("pylibjpeg", "pyjpegls", "pillow")
_AT_ONCE = 2**20  # bytes of an element of a multi-frame file that are read before they are asked for


def slice_values(header: Header) -> NDArray[np.float32]:
    """The values (rows, columns) of one slice; see `each_slice`."""
    return next(each_slice([header]))


def each_slice(headers: Sequence[Header], *, keep_first: bool = False) -> Iterator[NDArray[np.float32]]:
    """The values (rows, columns) of slices, one after the other: HU for CT, else what the modality's rescaling gives.

    MONOCHROME1 changes how values are shown, not what HU they are; other modalities are inverted, so that high is
    bright. What is marked as padding, in CT often -3024 HU, becomes -1024 HU in CT and NaN in others.

    Args:
        headers: of the slices.
        keep_first: whether the whole header of the first one is kept, for what is written beside it.

    Raises:
        DicomError: for pixels that cannot be decoded, or are not those that the header tells of.
    """
    for _, group in groupby(headers, key=lambda header: header.path):
        frames = list(group)
        keep = keep_first and frames[0] is headers[0]
        pixels = decoded(frames[0], [it.frame for it in frames], keep=keep)
        for header, (stored, dataset) in zip(frames, pixels, strict=True):
            with reasons(header):
                values = grey(stored, dataset, header, keep_order=header.modality == "CT")
                values[is_padding(stored, dataset)] = CT_PADDING_HU if header.modality == "CT" else np.nan
            yield values


def decoded(header: Header, frames: Sequence[int], *, keep: bool) -> Iterator[tuple[NDArray[Any], Dataset]]:
    """The stored values (rows, columns[, RGB]) of frames, one by one, and the tags that say what they mean.

    Args:
        header: of the file.
        frames: their numbers, counted from 0.
        keep: whether the whole header of the file is kept; see `whole_header`.

    Raises:
        DicomError: for pixels that cannot be decoded, or are not those that the header tells of.
    """
    with reasons(header):
        stamp = file_stamp(header.path.stat())
        dataset = dcmread(header.path, defer_size=_AT_ONCE if header.frames > 1 else None)
        if keep:
            keep_header(header.path, dataset, stamp)
        _check_stored(dataset, header)
        source: Any = header.path if header.frames > 1 else dataset
        decoder = _decoder(dataset.file_meta.TransferSyntaxUID)
        stored = iter_pixels(source, indices=list(frames), decoding_plugin=decoder)
    for _ in frames:
        with reasons(header):
            values = next(stored)
        if values.shape[:2] != (header.rows, header.columns):
            raise DicomError(
                f"pixels fill the size that the header states, {header.rows} x {header.columns}, but those of "
                f"{header.path} are {values.shape[0]} x {values.shape[1]}; fetch the file again"
            )
        yield values, dataset


def _decoder(syntax: UID) -> str:
    """The pydicom plugin to decode with, "" for all that there are: GDCM, over some broken files, ends the process."""
    plugins = get_decoder(syntax).available_plugins
    return next((name for name in _INSTEAD_OF_GDCM if name in plugins), "") if "gdcm" in plugins else ""


@contextmanager
def reasons(header: Header) -> Iterator[None]:
    """Name the file in whatever the libraries complain of, together with what they warned of."""
    said: list[str] = []
    try:
        with library_warnings(header.path) as said:
            yield
    except (DicomError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # broken files make the decoders raise nearly anything; pylibjpeg-rle's panics, too
        reason = one_line(error, *said)
        raise DicomError(f"the pixels of {header.path} cannot be read: {reason}; {_way_out(reason)}") from error


def _way_out(reason: str) -> str:
    if "12-bit" in reason:  # pydicom's own decoder of JPEG Extended has 8
        return "pip install 'srs_monai[gpl]' adds the decoder for it, under the GPLv3, or convert the file"
    return "fetch the file again, or convert it to an uncompressed transfer syntax where a decoder is missing"


def _check_stored(dataset: Dataset, header: Header) -> None:
    """Refuse what decoders misread without a word, or die of: values in high bits, pixels of another number or size."""
    if "BitsStored" in dataset and dataset.get("HighBit", dataset.BitsStored - 1) != dataset.BitsStored - 1:
        raise DicomError(
            f"stored values are in the low bits, HighBit being BitsStored - 1, but {header.path} has HighBit "
            f"{dataset.HighBit} and BitsStored {dataset.BitsStored}; correct the header, or convert the file"
        )
    pixels = dataset.get_item("PixelData", keep_deferred=True)
    if pixels is None:
        if "FloatPixelData" not in dataset and "DoubleFloatPixelData" not in dataset:
            raise DicomError(f"an image has pixels, but {header.path} ends before them; fetch the file again")
    elif dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        _check_codestream(dataset, header)
    elif dataset.PhotometricInterpretation != "YBR_FULL_422":  # whose colours are subsampled
        _check_length(pixels, dataset, header)


def _check_codestream(dataset: Dataset, header: Header) -> None:
    first = get_frame(dataset.PixelData, 0, number_of_frames=header.frames)
    expected = (header.rows, header.columns, dataset.get("SamplesPerPixel", 1))
    if dataset.file_meta.TransferSyntaxUID == RLELossless:
        surplus = run_length_pixels(first) - header.rows * header.columns
        if surplus >= min(header.rows, header.columns):
            raise DicomError(
                f"compressed pixels have the size that the header states, {by(expected)} samples, but those of "
                f"{header.path} are {surplus} more; correct the header, or fetch the file again"
            )
        return
    stated = stated_size(first)
    if stated is not None and stated != expected:
        raise DicomError(
            f"compressed pixels have the size that the header states, {by(expected)} samples, but those of "
            f"{header.path} are {by(stated)}; correct the header, or fetch the file again"
        )


def _check_length(pixels: Any, dataset: Dataset, header: Header) -> None:
    length = pixels.length if isinstance(pixels, RawDataElement) else len(pixels.value or b"")
    sample = dataset.BitsAllocated / 8
    expected = header.frames * header.rows * header.columns * dataset.get("SamplesPerPixel", 1) * sample
    too_many = length - expected >= min(header.rows, header.columns) * sample > 1  # fewer are padding
    too_few = header.frames > 1 and length < expected  # of one frame, the decoder counts them
    if too_many or too_few:
        raise DicomError(
            f"pixels are as many as the header states, {header.frames} x {header.rows} x {header.columns} of "
            f"{dataset.BitsAllocated} bits, but {header.path} holds {length} bytes for {expected:.0f}; correct Rows, "
            f"Columns or NumberOfFrames"
        )


def grey(stored: NDArray[Any], dataset: Dataset, header: Header, keep_order: bool = False) -> NDArray[np.float32]:
    """Rescaled values, high where it is bright, or in the order of the stored ones whatever way they are shown.

    Raises:
        DicomError: for values that are not finite.
    """
    ordered = stored if keep_order else _bright_is_high(stored, dataset)
    slope, intercept = header.rescale or (1.0, 0.0)
    rescaled = apply_modality_lut(ordered, dataset) if header.modality_table else ordered * slope + intercept
    values = np.array(rescaled, dtype=np.float32)
    not_finite = values.size - np.count_nonzero(np.isfinite(values))
    if not_finite:
        raise DicomError(
            f"values are finite, but {not_finite} of {values.size} in {header.path} are NaN or infinite; correct "
            f"RescaleSlope and RescaleIntercept, or replace the values"
        )
    return values


def _bright_is_high(stored: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """MONOCHROME1 counts from white: turn its range of stored values round."""
    shape = dataset.get("PresentationLUTShape")
    if shape != "INVERSE" and (shape or dataset.PhotometricInterpretation != "MONOCHROME1"):
        return stored
    if not np.issubdtype(stored.dtype, np.integer):
        return -stored
    highest_and_lowest = 2**dataset.BitsStored - 1 if np.issubdtype(stored.dtype, np.unsignedinteger) else -1
    return highest_and_lowest - stored.astype(np.int64)


def is_padding(stored: NDArray[Any], dataset: Dataset) -> NDArray[np.bool_]:
    """Where stored values say that nothing was measured."""
    value, limit = dataset.get("PixelPaddingValue"), dataset.get("PixelPaddingRangeLimit")
    if value is None or not np.issubdtype(stored.dtype, np.integer):
        return np.zeros(stored.shape, dtype=bool)
    # the tag may be written unsigned where pixels are signed
    ends = np.array([value, value if limit is None else limit]).astype(stored.dtype)
    return np.asarray((stored >= ends.min()) & (stored <= ends.max()))
