"""NIfTI files as arrays with their affine."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from monai.config import PathLike
from monai.utils import ensure_tuple
from numpy.typing import NDArray

from srs_monai.data.readers.deferred import DeferredReader, only_name
from srs_monai.data.readers.open_volume import OpenVolume
from srs_monai.errors import one_line

logger = logging.getLogger(__name__)

NIFTI_SUFFIXES = (".nii", ".nii.gz")
_TOLERANCE = 0.1  # of a voxel, between the positions of a corner by sform and by qform
_RIGHT_ANGLE = 1.0  # degrees; larger deviations from a right angle are reported


class NiftiReader(DeferredReader):
    """Read one NIfTI image as a volume (X, Y, Z), float32, axes and RAS affine as in the file.

    A 2-D image (X, Y) is a volume of one slice, (X, Y, 1). Values are scaled by the header's slope and intercept.
    meta["stored_max"] is 255 for unscaled unsigned bytes; other types have no full scale. Oblique axes stay oblique. If
    sform and qform disagree, the sform is used, as nibabel and FSL do. meta["notes"] and the log report this, and also
    axes that are not at right angles, a header without the direction of the axes, and lengths in other units than mm.

    Raises:
        ValueError: from get_data, for a file that is missing, truncated or not NIfTI, for time series, vectors, RGB and
            complex values, for NaN or infinite values, and for an invalid affine.
    """

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Whether all names end in .nii or .nii.gz."""
        return all(is_nifti(name) for name in ensure_tuple(filename))

    def get_data(self, img: Sequence[PathLike] | PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Read the volume and its meta data."""
        volume = self.open(img)
        return volume.whole(), volume.meta

    def open(self, img: Sequence[PathLike] | PathLike) -> "NiftiVolume":
        """The volume, whose slices can be read a few at a time.

        Raises:
            ValueError: as get_data, except for faults of the voxels.
        """
        return NiftiVolume(Path(only_name(img, "NIfTI file")))


class NiftiVolume(OpenVolume):
    """An open NIfTI file. Slices of a compressed file are cheap in ascending order; going back starts from the top."""

    def __init__(self, path: Path) -> None:
        image = open_nifti(path)
        header = image.header
        shape = (*header.get_data_shape(), 1, 1)[:3]
        affine, notes = _affine(image)
        if not np.isfinite(affine).all() or abs(np.linalg.det(affine)) < 1e-12:
            raise ValueError(
                f"an affine must be finite and invertible, but that of {path} is {affine.tolist()}; correct the header"
            )
        if notes:
            logger.warning("%s: %s", path, "; ".join(notes))
        meta = {
            "source_kind": "nifti",
            "modality": "",
            "spacing_unit": "mm",
            "space": "RAS",
            "affine": affine,
            "original_affine": affine.copy(),
            "spatial_shape": np.asarray(shape),
            "original_channel_dim": float("nan"),  # nan: none, in MONAI's form
            "notes": "; ".join(notes),
        }
        scaled = (image.dataobj.slope, image.dataobj.inter) != (1, 0)
        full_scale = header.get_data_dtype() == np.uint8 and not scaled
        super().__init__(shape, affine, meta | {"stored_max": 255.0} if full_scale else meta)
        self.path, self._image = path, image

    def whole(self) -> NDArray[np.float32]:
        """All slices."""
        try:
            volume = np.asarray(self._image.get_fdata(dtype=np.float32, caching="unchanged")).reshape(self.shape)
        except Exception as error:  # see open_nifti
            raise unreadable(self.path, error) from error
        not_finite = int(volume.size - np.count_nonzero(np.isfinite(volume)))
        if not_finite:
            raise ValueError(
                f"values must be finite, but {not_finite} of {volume.size} in {self.path} are NaN or infinite; "
                f"replace them by 0 or the value of air"
            )
        return volume

    def values(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """The slices of these ascending numbers."""
        if len(self._image.shape) != 3:
            return self.whole()[:, :, list(numbers)]
        try:
            stored = [self._image.dataobj[:, :, start:stop] for start, stop in _runs(numbers)]
        except Exception as error:  # see open_nifti
            raise unreadable(self.path, error) from error
        values = np.concatenate(stored, axis=2, dtype=np.float32) if len(stored) > 1 else stored[0].astype(np.float32)
        return values if np.isfinite(values).all() else self.whole()  # its error counts the values in the whole volume


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as ranges, start and stop."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        joins = runs and runs[-1][1] == number
        runs[-1:] = [(runs[-1][0], number + 1)] if joins else [*runs[-1:], (number, number + 1)]
    return runs


def is_nifti(path: PathLike) -> bool:
    """Whether a name ends in .nii or .nii.gz."""
    return str(path).lower().endswith(NIFTI_SUFFIXES)


def open_nifti(path: str | Path) -> Any:
    """Open a file as a nibabel image of one volume of numbers, without reading its voxels.

    Raises:
        ValueError: when the file is missing, unreadable or not NIfTI, or does not hold one volume of numbers.
    """
    if not Path(path).is_file():
        raise ValueError(f"there is no file {path}; check the name")
    try:
        # a compressed file that is opened anew for each slice is decompressed from its start each time
        image = nib.load(path, keep_file_open=True)
    except Exception as error:  # broken files make nibabel and decompressors raise nearly anything
        raise unreadable(path, error) from error
    if not isinstance(image.header, nib.Nifti1Header):
        raise ValueError(f"the file must be NIfTI, but {path} holds {type(image).__name__}; convert it to .nii.gz")
    _check_kind(image.header, path)
    return image


def unreadable(path: str | Path, error: Exception) -> ValueError:
    """The error to raise for a file that nibabel cannot read."""
    return ValueError(f"{path} cannot be read as NIfTI: {one_line(error)}; replace or remove the file")


def _check_kind(header: nib.Nifti1Header, path: str | Path) -> None:
    shape = header.get_data_shape()
    if len(shape) < 2 or 0 in shape or any(length != 1 for length in shape[3:]):
        raise ValueError(
            f"a NIfTI file must hold one volume (X, Y, Z) or picture (X, Y), but {path} has shape {tuple(shape)}; save "
            f"each volume in its own file"
        )
    dtype = header.get_data_dtype()
    if dtype.fields or np.issubdtype(dtype, np.complexfloating):
        kind = "complex values" if dtype.fields is None else "RGB values"
        raise ValueError(f"a voxel must have one number, but {path} holds {kind}; save each channel in its own file")


def _affine(image: Any) -> tuple[NDArray[np.float64], list[str]]:
    """Voxel indices to RAS in mm from the sform, else the qform, else the voxel sizes; and notes on what is unusual."""
    affine: NDArray[np.float64] = np.array(image.affine, dtype=np.float64)
    header = image.header
    qform, qcode = header.get_qform(coded=True)
    _, scode = header.get_sform(coded=True)
    notes = []
    if not scode and not qcode:
        notes.append("the header does not state the direction of the axes: nibabel's defaults are used")
    if scode and qcode:
        ends = np.array([[0, 0, 0, 1], [*(np.array(image.shape[:3]) - 1), *[0] * (3 - len(image.shape[:3])), 1]])
        apart = float(np.abs(ends @ (affine - qform).T).max())
        if apart > _TOLERANCE * min(header.get_zooms()[:3]):
            notes.append(f"sform and qform differ by up to {apart:.3g} mm: the sform is used")
    axes = affine[:3, :3] / np.maximum(np.linalg.norm(affine[:3, :3], axis=0), 1e-12)
    off = float(np.degrees(np.arcsin(np.clip(np.abs(axes.T @ axes - np.eye(3)).max(), 0, 1))))
    if off > _RIGHT_ANGLE:
        notes.append(f"axes are {off:.1f} degrees off a right angle (gantry tilt?): slices are used unchanged")
    unit = header.get_xyzt_units()[0]
    if unit not in ("mm", "unknown"):
        notes.append(f"the header states lengths in {unit}: they are read as mm")
    return affine, notes
