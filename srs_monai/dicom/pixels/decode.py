"""The decoded pixels of DICOM files: HU for CT, rescaled values for other modalities."""

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

CT_PADDING_HU = -1024.0  # usual value of scanners outside the measured region
_INSTEAD_OF_GDCM = ("pylibjpeg", "pyjpegls", "pillow")
_AT_ONCE = 2**20  # bytes: larger elements of a multi-frame file are read on demand


def slice_values(header: Header) -> NDArray[np.float32]:
    """The values (rows, columns) of one slice; see `each_slice`."""
    return next(each_slice([header]))


def each_slice(headers: Sequence[Header], *, keep_first: bool = False) -> Iterator[NDArray[np.float32]]:
    """The values (rows, columns) of slices, one after the other: HU for CT, otherwise rescaled values.

    MONOCHROME1 changes the display of values, not HU; in other modalities such values are inverted, so that high values
    are bright. Padding, in CT often -3024 HU, becomes -1024 HU in CT and NaN in other modalities.

    Args:
        headers: headers of the slices.
        keep_first: keep the whole header of the first slice for writers.

    Raises:
        DicomError: for pixels that cannot be decoded or do not match the header.
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
    """The stored values (rows, columns[, RGB]) of frames, one by one, and the tags that give their meaning.

    Args:
        header: header of the file.
        frames: numbers of the frames, counted from 0.
        keep: keep the whole header of the file, see `whole_header`.

    Raises:
        DicomError: for pixels that cannot be decoded or do not match the header.
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
                f"pixels must have the size in the header, {header.rows} x {header.columns}, but those of "
                f"{header.path} are {values.shape[0]} x {values.shape[1]}; fetch the file again"
            )
        yield values, dataset


def _decoder(syntax: UID) -> str:
    """The pydicom plugin for decoding; "" for any: GDCM ends the process on some broken files."""
    plugins = get_decoder(syntax).available_plugins
    return next((name for name in _INSTEAD_OF_GDCM if name in plugins), "") if "gdcm" in plugins else ""


@contextmanager
def reasons(header: Header) -> Iterator[None]:
    """Name the file in any error of the libraries, and add their warnings."""
    warned: list[str] = []
    try:
        with library_warnings(header.path) as warned:
            yield
    except (DicomError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # broken files make the decoders raise nearly anything, also panics of pylibjpeg-rle
        reason = one_line(error, *warned)
        raise DicomError(f"the pixels of {header.path} cannot be read: {reason}; {_way_out(reason)}") from error


def _way_out(reason: str) -> str:
    if "12-bit" in reason:  # pydicom's own decoder of JPEG Extended has 8
        return "install the decoder, which is under the GPLv3: pip install 'srs_monai[gpl]'; or convert the file"
    return "fetch the file again, or convert it to an uncompressed transfer syntax if a decoder is missing"


def _check_stored(dataset: Dataset, header: Header) -> None:
    """Reject pixels that decoders misread or crash on: values in high bits, another number or size of pixels."""
    if "BitsStored" in dataset and dataset.get("HighBit", dataset.BitsStored - 1) != dataset.BitsStored - 1:
        raise DicomError(
            f"stored values must be in the low bits (HighBit = BitsStored - 1), but {header.path} has HighBit "
            f"{dataset.HighBit} and BitsStored {dataset.BitsStored}; correct the header, or convert the file"
        )
    pixels = dataset.get_item("PixelData", keep_deferred=True)
    if pixels is None:
        if "FloatPixelData" not in dataset and "DoubleFloatPixelData" not in dataset:
            raise DicomError(f"an image must have pixels, but {header.path} ends before them; fetch the file again")
    elif dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        _check_codestream(dataset, header)
    elif dataset.PhotometricInterpretation != "YBR_FULL_422":  # its colours are subsampled
        _check_length(pixels, dataset, header)


def _check_codestream(dataset: Dataset, header: Header) -> None:
    first = get_frame(dataset.PixelData, 0, number_of_frames=header.frames)
    expected = (header.rows, header.columns, dataset.get("SamplesPerPixel", 1))
    if dataset.file_meta.TransferSyntaxUID == RLELossless:
        surplus = run_length_pixels(first) - header.rows * header.columns
        if surplus >= min(header.rows, header.columns):
            raise DicomError(
                f"compressed pixels must have the size in the header, {by(expected)} samples, but those of "
                f"{header.path} have {surplus} more; correct the header, or fetch the file again"
            )
        return
    stated = stated_size(first)
    if stated is not None and stated != expected:
        raise DicomError(
            f"compressed pixels must have the size in the header, {by(expected)} samples, but those of "
            f"{header.path} are {by(stated)}; correct the header, or fetch the file again"
        )


def _check_length(pixels: Any, dataset: Dataset, header: Header) -> None:
    length = pixels.length if isinstance(pixels, RawDataElement) else len(pixels.value or b"")
    sample = dataset.BitsAllocated / 8
    expected = header.frames * header.rows * header.columns * dataset.get("SamplesPerPixel", 1) * sample
    too_many = length - expected >= min(header.rows, header.columns) * sample > 1  # a smaller surplus is padding
    too_few = header.frames > 1 and length < expected  # the decoder counts those of a single frame
    if too_many or too_few:
        raise DicomError(
            f"the number of pixels must be that of the header, {header.frames} x {header.rows} x {header.columns} of "
            f"{dataset.BitsAllocated} bits, but {header.path} holds {length} bytes for {expected:.0f}; correct Rows, "
            f"Columns or NumberOfFrames"
        )


def grey(stored: NDArray[Any], dataset: Dataset, header: Header, keep_order: bool = False) -> NDArray[np.float32]:
    """Rescaled values: high values are bright, or with `keep_order` the order of the stored values is kept.

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
            f"values must be finite, but {not_finite} of {values.size} in {header.path} are NaN or infinite; correct "
            f"RescaleSlope and RescaleIntercept, or replace the values"
        )
    return values


def _bright_is_high(stored: NDArray[Any], dataset: Dataset) -> NDArray[Any]:
    """The stored values with high values bright: the range of MONOCHROME1 is inverted."""
    shape = dataset.get("PresentationLUTShape")
    if shape != "INVERSE" and (shape or dataset.PhotometricInterpretation != "MONOCHROME1"):
        return stored
    if not np.issubdtype(stored.dtype, np.integer):
        return -stored
    highest_and_lowest = 2**dataset.BitsStored - 1 if np.issubdtype(stored.dtype, np.unsignedinteger) else -1
    return highest_and_lowest - stored.astype(np.int64)


def is_padding(stored: NDArray[Any], dataset: Dataset) -> NDArray[np.bool_]:
    """Which stored values are padding."""
    value, limit = dataset.get("PixelPaddingValue"), dataset.get("PixelPaddingRangeLimit")
    if value is None or not np.issubdtype(stored.dtype, np.integer):
        return np.zeros(stored.shape, dtype=bool)
    # the tag may be unsigned although pixels are signed
    ends = np.array([value, value if limit is None else limit]).astype(stored.dtype)
    return np.asarray((stored >= ends.min()) & (stored <= ends.max()))
