"""PNG, JPEG, BMP and TIFF pictures as arrays (C, H, W)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from monai.config import PathLike
from monai.utils import ensure_tuple
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from srs_monai.data.readers.deferred import DeferredReader, only_name
from srs_monai.errors import one_line

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_FORMATS = ("PNG", "JPEG", "MPO", "BMP", "TIFF")  # MPO: a phone's JPEG with a preview after the picture
_GREY = ("1", "L", "I", "I;16", "I;16B", "I;16L", "F")
_COLOUR = ("RGB", "RGBX", "CMYK", "YCbCr")
_WITH_ALPHA = ("LA", "La", "RGBA", "RGBa", "PA")


class PictureReader(DeferredReader):
    """Read one PNG, JPEG, BMP or TIFF picture as float32 (C, H, W), upright by its EXIF orientation.

    Values stay as they are stored. meta["stored_max"] is the full scale: 1 for 1-bit pictures, 255 for 8 bits, 65535
    for 16-bit grey (4095 for 12 bits), None for 32-bit integers and floats. Colour of 16 bits a channel is reduced to
    8, as Pillow reads it. CMYK and YCbCr become RGB; a palette becomes its colours, or one channel if all are grey. An
    alpha channel that is opaque everywhere is dropped.

    Args:
        palette: "colour" reads the colours of a palette picture, "index" its palette numbers (class numbers, in masks
            that are palette pictures).

    Raises:
        ValueError: from get_data, for a file that is missing, empty, truncated, of another format or of several pages,
            and for pictures with transparent parts or an unsupported colour space.
    """

    def __init__(self, palette: Literal["colour", "index"] = "colour") -> None:
        super().__init__()
        if palette not in ("colour", "index"):
            raise ValueError(f"palette must be 'colour' or 'index'; got {palette!r}")
        self.palette = palette

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Whether all names have the ending of a picture."""
        return all(Path(name).suffix.lower() in PICTURE_SUFFIXES for name in ensure_tuple(filename))

    def get_data(self, img: Sequence[PathLike] | PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Decode the picture: the array (C, H, W) and its meta data."""
        path = only_name(img, "picture")
        with opened(path) as picture:
            indices = picture.mode == "P" and self.palette == "index"
            stored_max = None if indices else _stored_max(picture)
            inverted = _white_is_zero(picture)
            stored_format = picture.format
            with reasons(path):
                upright = ImageOps.exif_transpose(picture)
            array = np.asarray(upright, dtype=np.float32)[None] if indices else _channels_first(upright, path)
        if inverted:
            array = np.float32(stored_max) - array
        return array, {
            "source_kind": "picture",
            "modality": "",
            "format": "JPEG" if stored_format == "MPO" else stored_format,
            "stored_max": stored_max,
            "spacing_unit": "pixels",
            "affine": np.eye(4),
            "original_affine": np.eye(4),
            "spatial_shape": np.asarray(array.shape[1:]),
            "original_channel_dim": 0,
        }


def picture_size(path: PathLike) -> tuple[int, int]:
    """Height and width of an upright picture, in pixels, from its header alone.

    Raises:
        ValueError: when the file is not a picture of one page that `PictureReader` reads.
    """
    with opened(path) as picture, reasons(path):
        width, height = picture.size
        # Pillow rotates TIFF sizes itself, and asking a PNG without EXIF would decode it
        turnable = picture.format in ("JPEG", "MPO") or (picture.format == "PNG" and "exif" in picture.info)
        orientation = picture.getexif().get(ExifTags.Base.Orientation, 1) if turnable else 1
    return (width, height) if orientation in (5, 6, 7, 8) else (height, width)


@contextmanager
def opened(path: PathLike) -> Iterator[Image.Image]:
    """Open a picture of one page; other files are rejected by name."""
    if not Path(path).is_file():
        raise ValueError(f"there is no file {path}; check the name")
    # from a file name, Pillow 13 maps raw TIFFs to memory and garbles those that EXIF rotates
    with Path(path).open("rb") as file:
        with reasons(path):
            picture = Image.open(file)
        if picture.format not in _FORMATS:
            raise ValueError(f"a picture must be PNG, JPEG, BMP or TIFF, but {path} is {picture.format}; convert it")
        with reasons(path):
            pages = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
        if pages != 1:
            raise ValueError(f"a picture must have one page, but {path} has {pages}; save each page in its own file")
        yield picture


@contextmanager
def reasons(path: PathLike) -> Iterator[None]:
    """Name the file in any error of Pillow."""
    try:
        yield
    except Exception as error:  # broken files make Pillow's decoders raise nearly anything
        raise ValueError(
            f"{path} cannot be read as a picture: {one_line(error)}; replace or remove the file"
        ) from error


def _stored_max(picture: Image.Image) -> float | None:
    if picture.mode == "1":
        return 1.0
    if picture.mode.startswith("I;16"):
        bits = picture.tag_v2.get(ExifTags.Base.BitsPerSample, (16,))[0] if picture.format == "TIFF" else 16
        return float(2**bits - 1)
    return None if picture.mode in ("I", "F") else 255.0


def _white_is_zero(picture: Image.Image) -> bool:
    """Whether 0 is white in a 16-bit grey TIFF: Pillow inverts such TIFFs of 8 bits, but not of 16."""
    grey_16 = picture.format == "TIFF" and picture.mode.startswith("I;16")
    return grey_16 and bool(picture.tag_v2.get(ExifTags.Base.PhotometricInterpretation) == 0)


def _channels_first(picture: Image.Image, path: PathLike) -> NDArray[np.float32]:
    """The samples of a loaded picture, (C, H, W), without an opaque alpha channel."""
    if picture.has_transparency_data:
        picture = _without_alpha(picture, path)
    if picture.mode in _GREY:
        return np.array(picture, dtype=np.float32)[None]  # a copy: torch rejects read-only arrays
    if picture.mode not in (*_COLOUR, "P"):
        raise ValueError(f"a picture must be grey or RGB, but {path} has mode {picture.mode}; convert it to RGB")
    rgb = np.asarray(picture.convert("RGB"), dtype=np.float32).transpose(2, 0, 1)
    if picture.mode == "P" and (rgb == rgb[:1]).all():
        return np.ascontiguousarray(rgb[:1])
    return np.ascontiguousarray(rgb)


def _without_alpha(picture: Image.Image, path: PathLike) -> Image.Image:
    """The picture without its alpha channel, which must be opaque everywhere."""
    if picture.mode.startswith("I;16"):  # one grey value is transparent; Pillow cannot convert this mode
        transparent = np.asarray(picture) == picture.info["transparency"]
        opaque = picture
    else:
        grey = picture.mode in ("1", "L", "LA", "La")
        with_alpha = picture.convert("LA" if grey else "RGBA")
        transparent = np.asarray(with_alpha.getchannel("A")) != 255
        opaque = picture if picture.mode not in _WITH_ALPHA else with_alpha.convert("L" if grey else "RGB")
    if transparent.any():
        raise ValueError(
            f"a picture must be opaque, but {int(transparent.sum())} of {transparent.size} pixels of {path} are "
            f"transparent; save it without alpha"
        )
    return opaque
