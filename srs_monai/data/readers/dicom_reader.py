"""DICOM series, files and frames as arrays with their position in the patient."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from monai.config import PathLike
from monai.utils import ensure_tuple
from numpy.typing import NDArray

from srs_monai.data.readers.deferred import DeferredReader
from srs_monai.data.readers.open_volume import OpenVolume
from srs_monai.dicom.grid.stack import stack
from srs_monai.dicom.grid.volume import read_ct_slices, read_volume
from srs_monai.dicom.header import DicomError, Header
from srs_monai.dicom.pixels.pictures import read_pictures
from srs_monai.dicom.source import Pictures, Slices, find_dicom
from srs_monai.errors import one_line

logger = logging.getLogger(__name__)


class DicomReader(DeferredReader):
    """Read a DICOM series as a volume (columns, rows, slices), float32, or pictures as (C, H, W), rows first.

    The name decides what is read:

    - a folder: its series, or its only enhanced object. The largest of several series is read; the choice is logged and
      written to meta["left_out"], and two largest series of the same size are rejected. Localizers, objects that are
      not images, other files and sub-folders are skipped.
    - FOLDER/SERIES_UID: that series of the folder. "no-series-uid" means the files without a series UID.
    - several files: the series that they form.
    - a file: a CT, MR or PET slice as a volume of one slice; an enhanced multi-frame object as a volume; a file without
      a position in the patient (ultrasound, visible light, radiographs, secondary captures) as a picture, or as a
      sequence of pictures (C, H, W, F), whose number is in meta["frames"].
    - FILE/frame_0001: one frame, counted from 1, of a file with a sequence of pictures.

    Slices are sorted by position. If they are shifted against each other (gantry tilt), each is moved in its own plane
    onto a straight grid that is wide enough for all of them. Missing slices and uneven spacing are rejected, unless
    `resample_uneven` is set. Changes of the values are described in meta["notes"], in sentences separated by "; ", and
    logged as a warning. The thickness of a single slice comes from its header.

    Values are rescaled slice by slice (CT: to HU, its padding to -1024 HU); see `each_slice` and `read_pictures` for
    the rules of colour, palettes and MONOCHROME1. meta["modality"] is "OT" for secondary captures, whose values are
    brightness only. meta["ultrasound_region"] is the box of the largest tissue region that an ultrasound file states:
    top, left, bottom, right in pixels, half open.

    Args:
        resample_uneven: resample missing slices and uneven spacing to an even grid, linearly along the normal, and skip
            copies of slices. See `even_places` for the grid.

    Raises:
        DicomError: from get_data, for input that cannot be read correctly.
    """

    def __init__(self, resample_uneven: bool = False) -> None:
        super().__init__()
        self.resample_uneven = resample_uneven

    def get_data(self, img: Sequence[PathLike] | PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Read the array and its meta data."""
        found = _found(img)
        if isinstance(found, Slices):
            volume = _Volume(found, self.resample_uneven)
            return volume.whole(), volume.meta
        return _pictures(found)

    def open(self, img: Sequence[PathLike] | PathLike) -> OpenVolume | None:
        """The volume of a series; None for pictures.

        Single slices can be read of CT only: in other modalities, voxels outside all slices get the smallest value of
        the whole volume. They cannot be read of an enhanced object, whose frames are in one file.

        Raises:
            DicomError: as get_data, except for faults of the pixels.
        """
        found = _found(img)
        return _Volume(found, self.resample_uneven) if isinstance(found, Slices) else None


class _Volume(OpenVolume):
    """The volume of a series."""

    def __init__(self, found: Slices, resample_uneven: bool) -> None:
        self.stack = stack(found.headers, found.source, resample_uneven)
        notes = "; ".join(self.stack.notes)
        if notes:
            logger.warning("%s: %s", found.source, notes)
        meta = _meta(self.stack.slices[0], self.stack.shape, self.stack.affine)
        meta |= {"left_out": found.left_out, "notes": notes}
        first = self.stack.slices[0]
        by_slices = first.modality == "CT" and first.frames == 1
        super().__init__(self.stack.shape, self.stack.affine, meta, by_slices)

    def whole(self) -> NDArray[np.float32]:
        """All slices."""
        return read_volume(self.stack)

    def values(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """The slices with these numbers."""
        return read_ct_slices(self.stack, numbers)


def _found(img: Sequence[PathLike] | PathLike) -> Slices | Pictures:
    try:
        return find_dicom(img)
    except OSError as error:
        raise DicomError(f"{ensure_tuple(img)[0]} cannot be opened: {one_line(error)}; check it") from error


def _pictures(found: Pictures) -> tuple[NDArray[np.float32], dict[str, Any]]:
    header = found.header
    sequence, known = read_pictures(header, range(header.frames) if found.frame is None else [found.frame])
    array = sequence if found.frame is None else sequence[..., 0]
    meta = _meta(header, array.shape[1:], np.eye(4)) | known
    if found.frame is None:
        meta["frames"] = header.frames
    return array, meta | {"spacing_unit": "pixels", "original_channel_dim": 0, "left_out": "", "notes": ""}


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
        "original_channel_dim": float("nan"),  # nan: none, in MONAI's form
    }
