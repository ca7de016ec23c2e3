"""Pictures and sequences of pictures, without a position in the patient."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from dicom_files import write_picture
from dicom_judge import Given, Picture
from numpy.typing import NDArray
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from dicom_cases.case import RIGHT, Make, section


def _noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)


def _channels_first(stored: NDArray[Any]) -> NDArray[Any]:
    """(rows, columns[, channels]) as (channels, rows, columns)."""
    return stored[None] if stored.ndim == 2 else stored.transpose(2, 0, 1)


def _ultrasound(stored: NDArray[Any], values: NDArray[Any] | None = None, tolerance: float = 1e-3, **tags: Any) -> Make:
    """A picture; its true values (channels, rows, columns) are the stored ones unless given."""
    truth = Picture((_channels_first(stored) if values is None else values).astype(float), tolerance)
    return lambda folder, _: Given(write_picture(folder / "us", stored, UltrasoundImageStorage, "US", **tags), [truth])


def _sequence(frames: NDArray[Any]) -> Make:
    """A sequence of pictures (frames, rows, columns, channels)."""
    first = frames[0, ..., 0] if frames.shape[-1] == 1 else frames[0]
    tags = {"NumberOfFrames": len(frames), "PixelData": frames.tobytes()}
    truth = Picture(frames.transpose(3, 1, 2, 0).astype(float))
    return lambda folder, _: Given(
        write_picture(folder / "us", first, UltrasoundMultiFrameImageStorage, "US", **tags), [truth]
    )


def _radiograph(folder: Path, _: Path) -> Given:
    stored, tags = _noise(6, 8), {"PhotometricInterpretation": "MONOCHROME1", "PixelSpacing": [0.2, 0.2]}
    path = write_picture(folder / "cr", stored, ComputedRadiographyImageStorage, "CR", **tags)
    return Given(path, [Picture(255.0 - stored[None])])


def _real(name: str) -> Make:
    """A real file; the truth is what pydicom and its decoders make of the pixels, in colour."""

    def make(_: Path, real: Path) -> Given:
        path = real / f"dicom/single/{name}.dcm"
        dataset = pydicom.dcmread(path)
        array = pydicom.pixels.pixel_array(dataset)
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            array = pydicom.pixels.apply_color_lut(array, dataset) >> 8
        if dataset.PhotometricInterpretation == "MONOCHROME1":
            array = 2**dataset.BitsStored - 1 - array.astype(int)
        if int(dataset.get("NumberOfFrames", 1)) > 1:
            array = np.moveaxis(array, 0, -1)
        colour = dataset.SamplesPerPixel == 3 or dataset.PhotometricInterpretation == "PALETTE COLOR"
        values = np.moveaxis(array, 2, 0) if colour else array[None]
        return Given(path, [Picture(values.astype(float), tolerance=2)])

    return make


_RGB = _noise(6, 8, 3)
_PURE = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [90, 90, 90]]] * 2, dtype=np.uint8)
_YBR = pydicom.pixels.convert_color_space(_PURE, "RGB", "YBR_FULL")
_ENTRIES = np.array([[0, 1, 2, 1], [2, 2, 0, 1]], dtype=np.uint8)
_RAMPS = {"Red": [0, 255, 9], "Green": [7, 100, 30], "Blue": [50, 60, 255]}
_COLOURS = np.array(list(_RAMPS.values()))[:, _ENTRIES]
_PALETTE: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
for _colour, _ramp in _RAMPS.items():
    _PALETTE[f"{_colour}PaletteColorLookupTableDescriptor"] = [3, 0, 16]
    _PALETTE[f"{_colour}PaletteColorLookupTableData"] = (np.array(_ramp, np.uint16) << 8).tobytes()

CASES = section(
    ("ultrasound, grey", _ultrasound(_noise(6, 8)), RIGHT),
    ("ultrasound, RGB", _ultrasound(_RGB), RIGHT),
    ("ultrasound, RGB in planes",
     _ultrasound(_RGB, PlanarConfiguration=1, PixelData=_channels_first(_RGB).tobytes()), RIGHT),
    ("ultrasound, YBR_FULL",
     _ultrasound(_YBR, _channels_first(_PURE), tolerance=2, PhotometricInterpretation="YBR_FULL"), RIGHT),
    ("ultrasound, palette colour", _ultrasound(_ENTRIES, _COLOURS, **_PALETTE), RIGHT),
    ("ultrasound sequence, grey", _sequence(_noise(5, 6, 8, 1)), RIGHT),
    ("ultrasound sequence, RGB", _sequence(_noise(5, 6, 8, 3)), RIGHT),
    ("radiograph, MONOCHROME1", _radiograph, RIGHT),
    ("real ultrasound, RGB, big endian", _real("us_rgb_bigendian"), RIGHT),
    ("real ultrasound, RGB in planes", _real("us_rgb_planar1"), RIGHT),
    ("real ultrasound, YBR_FULL_422", _real("us_ybr_full_422_uncompressed"), RIGHT),
    ("real ultrasound, YBR_RCT, JPEG 2000", _real("us_ybr_rct_j2k_lossless"), RIGHT),
    ("real ultrasound, grey, JPEG-LS", _real("us_mono_jpegls"), RIGHT),
    ("real ultrasound, palette colour, RLE", _real("us_palette_rle"), RIGHT),
    ("real ultrasound, two frames, palette colour, RLE", _real("us_palette_rle_2frame"), RIGHT),
    ("real radiograph, MONOCHROME1, 10 bits", _real("cr_monochrome1"), RIGHT),
    ("real secondary capture, RGB, HTJ2K", _real("sc_rgb_htj2k_lossless"), RIGHT),
    ("real secondary capture, YBR_FULL, JPEG", _real("sc_ybr_full_jpegbaseline"), RIGHT),
)  # fmt: skip
