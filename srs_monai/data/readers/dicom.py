"""DICOM series, files and frames as arrays with their place in the patient."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import ensure_tuple
from numpy.typing import NDArray

from srs_monai.data.messages import by
from srs_monai.data.readers.dicom_folder import FRAME_NAME
from srs_monai.data.readers.dicom_header import DicomError, Header
from srs_monai.data.readers.dicom_pixels import picture_values, slice_values
from srs_monai.data.readers.dicom_source import Slices, find_dicom
from srs_monai.data.readers.dicom_stack import Stack, stack

_SLICES_AT_ONCE = 16  # copied into the volume together: neighbours in memory are slices


class DicomReader(ImageReader):
    """Read a DICOM series as a volume (columns, rows, slices), float32, or a single picture as (C, H, W), rows first.

    What is named decides what is read:

    - a folder: the series in it. Of several, the largest; the choice is logged and stands in meta["left_out"], and two
      of the same size are refused. Localizers, objects that are no images, other files and sub-folders are left out.
    - FOLDER/SERIES_UID: that series of the folder. Files without a series UID go by "no-series-uid".
    - several files: the series that they make up.
    - a file: a CT, MR or PET slice as a volume of one slice; an enhanced multi-frame object as a volume; anything
      without a place in the patient (ultrasound, visible light, radiographs, secondary captures) as a picture.
    - FILE/frame_0001: one frame, counted from 1, of a file that holds a sequence of pictures.

    Slices are sorted by position and must fill an even, straight grid; a single one counts as thick as its header
    says. Values are rescaled slice by slice (CT: to HU, its padding to -1024 HU); see `slice_values` and
    `picture_values` for the rules of colour, palettes and MONOCHROME1. meta["modality"] is "OT" for secondary
    captures, whose values mean nothing but brightness.

    Raises:
        DicomError: from get_data, for everything that cannot be read rightly.
    """

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """DICOM is known by its content: any name may be one."""
        return True

    def read(self, data: Sequence[PathLike] | PathLike, **kwargs: Any) -> tuple[PathLike, ...]:
        """Pass the names on: LoadImage hides what goes wrong here, so get_data opens the files."""
        return tuple(ensure_tuple(data))

    def get_data(self, img: Sequence[PathLike] | PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Read what is named: the array and its meta data."""
        found = find_dicom(img)
        if isinstance(found, Slices):
            return _volume(stack(found.headers, found.source), found.left_out)
        if found.frame is None:
            raise DicomError(
                f"one picture is read at a time, but {found.header.path} holds {found.header.frames}; name one of "
                f"them, {found.header.path}/{FRAME_NAME.format(1)} to {FRAME_NAME.format(found.header.frames)}"
            )
        return _picture(found.header, found.frame)


def _volume(series: Stack, left_out: str) -> tuple[NDArray[np.float32], dict[str, Any]]:
    columns, rows, count = series.shape
    volume = np.empty((columns, rows, count), dtype=np.float32)
    for start in range(0, count, _SLICES_AT_ONCE):
        frames = [_checked(slice_values(header), header) for header in series.slices[start : start + _SLICES_AT_ONCE]]
        volume[:, :, start : start + len(frames)] = np.stack(frames).transpose(2, 1, 0)
    return volume, _meta(series.slices[0], volume.shape, series.affine) | {"left_out": left_out}


def _checked(values: NDArray[np.float32], header: Header) -> NDArray[np.float32]:
    if values.shape != (header.rows, header.columns):
        raise DicomError(
            f"a slice has the size that its header states, {by((header.rows, header.columns))}, but the pixels of "
            f"{header.path} are {by(values.shape)}; fetch the file again"
        )
    return values


def _picture(header: Header, frame: int) -> tuple[NDArray[np.float32], dict[str, Any]]:
    values, stored_max = picture_values(header, frame)
    meta = _meta(header, values.shape[1:], np.eye(4)) | {
        "spacing_unit": "pixels",
        "original_channel_dim": 0,
        "left_out": "",
    }
    return values, meta if stored_max is None else meta | {"stored_max": stored_max}


def _meta(header: Header, shape: Sequence[int], affine: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "source_kind": "dicom",
        "modality": "OT" if header.secondary_capture else header.modality,
        "spacing_unit": "mm",
        "series_uid": header.series_uid,
        "space": "RAS",
        "affine": affine,
        "original_affine": affine.copy(),
        "spatial_shape": np.asarray(shape),
        "original_channel_dim": float("nan"),  # none: how MONAI writes it
    }
