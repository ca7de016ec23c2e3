"""Arrays of NumPy and HDF5 files as images: .npy, .npz and .h5."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from monai.config import PathLike
from monai.utils import ensure_tuple
from numpy.typing import NDArray

from srs_monai.data.readers.array_file import array_header, array_values, is_array
from srs_monai.data.readers.deferred import DeferredReader, only_name
from srs_monai.text import by

# slices upward, rows to posterior, columns to left: AsSeend keeps rows and columns as they are stored
_AXES = np.array([[0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]], dtype=np.float64)
_NEITHER = (2, 4)  # lengths of a last axis that is neither colour nor long enough for columns


class ArrayReader(DeferredReader):
    """Read one array of a NumPy or HDF5 file as an image, float32.

    The name is FILE if the file holds one array, else FILE/KEY: "case0005_slice012.npz/image", "case0001.npy.h5/label".
    A picture (H, W) is returned as (1, H, W), and a colour picture (H, W, 3) as (3, H, W). A volume (slices, H, W), the
    form of TransUNet and WSL4MIS, is returned unchanged, with an affine in voxels for which `AsSeend` keeps rows and
    columns. meta["stored_max"] is 1 for booleans and for floating-point numbers between 0 and 1, and 255 for unsigned
    bytes; other types have no full scale.

    Raises:
        ValueError: from get_data, for a file that is missing, truncated or of another format, for a missing key, for
            pickled objects (which are never executed), text, complex numbers and other shapes, and for NaN or infinite
            values.
    """

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Whether all names mean array files or arrays in them."""
        return all(is_array(name) for name in ensure_tuple(filename))

    def get_data(self, img: Sequence[PathLike] | PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Read the array and its meta data."""
        name = only_name(img, "array")
        volume = len(array_size(name)) == 3
        stored = array_values(name)
        array = _finite(stored, name)
        if not volume:
            array = np.ascontiguousarray(array.transpose(2, 0, 1)) if array.ndim == 3 else array[None]
        meta = {
            "source_kind": "array",
            "modality": "",
            "spacing_unit": "pixels",
            "affine": stored_affine() if volume else np.eye(4),
            "original_affine": stored_affine() if volume else np.eye(4),
            "spatial_shape": np.asarray(array.shape[-3:] if volume else array.shape[1:]),
            "original_channel_dim": float("nan") if volume else 0,  # nan: none, in MONAI's form
        }
        if volume:
            meta["space"] = "RAS"
        if (full_scale := _full_scale(stored)) is not None:
            meta["stored_max"] = full_scale
        return array, meta


def array_size(name: PathLike) -> tuple[int, ...]:
    """Height and width of a picture, or slices, height and width of a volume, from the array's header alone.

    Raises:
        ValueError: as `ArrayReader` does, except for faults of the values.
    """
    shape, _ = array_header(name)
    is_image = len(shape) == 2 or (len(shape) == 3 and shape[2] not in _NEITHER)
    if not is_image or 0 in shape:
        raise ValueError(
            f"an array must be a picture (H, W) or (H, W, 3) or a volume (slices, H, W), but {name} has shape "
            f"{by(shape) or '()'}; save it as one of these"
        )
    return shape[:2] if len(shape) == 2 or shape[2] in (1, 3) else shape


def stored_affine() -> NDArray[np.float64]:
    """Indices (slice, row, column) to R, A, S, in voxels."""
    return _AXES.copy()


def _finite(stored: NDArray[Any], name: PathLike) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        array = stored.astype(np.float32)
    not_finite = int(array.size - np.count_nonzero(np.isfinite(array)))
    if not_finite:
        raise ValueError(
            f"values must be finite, but {not_finite} of {array.size} in {name} are NaN or infinite; replace them by "
            f"0 or the value of air"
        )
    return array


def _full_scale(stored: NDArray[Any]) -> float | None:
    """The largest possible value, if it is known."""
    if stored.dtype == np.uint8:
        return 255.0
    scaled = stored.dtype.kind == "b" or (stored.dtype.kind == "f" and stored.min() >= 0 and stored.max() <= 1)
    return 1.0 if scaled else None
