"""Slices of one series put in order along the patient, or refused with their positions."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from highdicom import spatial
from numpy.typing import ArrayLike, NDArray

from srs_monai.data.messages import few
from srs_monai.data.readers.dicom_header import DicomError, Header

logger = logging.getLogger(__name__)

# Array axes are (columns, rows, slices): the first runs right along a row, the second down a column.
_INDEX_CONVENTION = "RD"
# Positions are often written in tenths of a mm. Beyond this, or a fifth of thin slices' spacing, spacing is uneven.
_SPACING_TOLERANCE = 0.1
# the sideways drift of a stack, in pixels, from which on it counts as sheared
_SHEAR_TOLERANCE = 0.5
_ORIENTATION_TOLERANCE = 1e-4
_SAME_PLACE = 0.01  # mm


@dataclass(frozen=True)
class Stack:
    """Slices in order, and the RAS affine in mm of the array (columns, rows, slices) that they fill."""

    slices: Sequence[Header]
    affine: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Columns, rows and slices."""
        return self.slices[0].columns, self.slices[0].rows, len(self.slices)


def same_grid(one: Header, other: Header) -> bool:
    """Whether two slices could be of one volume: same size, directions, pixel spacing and frame of reference."""
    if (one.rows, one.columns, one.frame_of_reference) != (other.rows, other.columns, other.frame_of_reference):
        return False
    return _close(one.orientation, other.orientation) and _close(one.pixel_spacing, other.pixel_spacing)


def stack(slices: Sequence[Header], source: Path) -> Stack:
    """Sort checked slices of one grid by position, never by number, and check that they fill an even, straight grid.

    Raises:
        DicomError: when slices are missing, doubled, unevenly spaced or sheared (gantry tilt).
    """
    if len(slices) == 1:
        return Stack(slices, slice_affine(slices[0], _thickness_of_one(slices[0])))
    slices = in_order(slices)
    orientation = np.array(slices[0].orientation)
    positions = np.array([header.position for header in slices])
    normal = _normal(orientation)
    along = positions @ normal
    _check_places(slices, along, source)
    spacing = _even_spacing(orientation, along, source)
    _check_straight(positions - np.outer(along, normal), along, slices[0], source)
    return Stack(slices, slice_affine(slices[0], spacing))


def in_order(slices: Sequence[Header]) -> list[Header]:
    """Slices of one grid sorted by position along their normal; at the same place, by file and frame."""
    normal = _normal(np.array(slices[0].orientation))
    return sorted(slices, key=lambda header: (float(np.dot(header.position or (), normal)), header.path, header.frame))


def one_at_a_place(slices: Sequence[Header]) -> list[Header]:
    """Slices in order without those that lie where the one before them does."""
    along = [float(np.dot(header.position or (), _normal(np.array(header.orientation)))) for header in slices]
    kept = [slices[0]]
    last = along[0]
    for header, place in zip(slices[1:], along[1:], strict=True):
        if place - last >= _SAME_PLACE:
            kept.append(header)
            last = place
    return kept


def check_slice(header: Header) -> None:
    """Refuse a slice whose header does not say where its pixels lie, or for CT what its values are."""
    for tag, value, way_out in (
        ("ImagePositionPatient", header.position, "export the series again from its archive"),
        ("ImageOrientationPatient", header.orientation, "export the series again from its archive"),
        ("PixelSpacing", header.pixel_spacing, "write it into the header; distances cannot be guessed"),
    ):
        if value is None:
            raise DicomError(f"a slice of a volume has {tag}, but {header.path} has none; {way_out}")
    if min(header.pixel_spacing or ()) <= 0:
        raise DicomError(f"PixelSpacing is above 0 mm, but {header.path} has {header.pixel_spacing}; correct it")
    across, down = np.array(header.orientation).reshape(2, 3)
    if not np.allclose([across @ across, down @ down, across @ down], [1, 1, 0], atol=1e-3):
        raise DicomError(
            f"ImageOrientationPatient is two unit vectors at right angles, but {header.path} has "
            f"{list(header.orientation or ())}; correct the header"
        )
    if header.modality == "CT" and not header.rescaled:
        raise DicomError(
            f"CT values become HU by RescaleSlope and RescaleIntercept, but {header.path} lacks them; "
            f"write them into the header (often 1 and -1024)"
        )


def _check_places(slices: Sequence[Header], along: NDArray[np.float64], source: Path) -> None:
    doubled = np.flatnonzero(np.diff(along) < _SAME_PLACE).tolist()
    if doubled:
        pairs = [f"{along[i]:.2f} mm ({slices[i].path.name}, {slices[i + 1].path.name})" for i in doubled]
        raise DicomError(
            f"a volume has one slice at a place, but {source} has more at {few(pairs, shown=8)}; "
            f"put each acquisition into a folder of its own"
        )


def _even_spacing(orientation: NDArray[np.float64], along: NDArray[np.float64], source: Path) -> float:
    """The distance between neighbouring slices in mm, which must be the same everywhere."""
    gaps = np.diff(along)
    usual = float(np.median(gaps))
    tolerance = min(_SPACING_TOLERANCE, usual / 5)
    on_the_normal = np.outer(along, _normal(orientation))  # drift aside is judged by itself
    spacing, _ = spatial.get_volume_positions(
        on_the_normal, orientation, atol=tolerance, index_convention=_INDEX_CONVENTION
    )
    if spacing is not None:
        return float(spacing)
    steps = np.round(gaps / usual)
    if (np.abs(gaps - steps * usual) <= tolerance * steps).all():
        lacking = [
            f"{low + step * usual:.2f} mm"
            for low, count in zip(along[:-1], steps, strict=True)
            for step in range(1, int(count))
        ]
        raise DicomError(
            f"slices follow each other without gaps, but {source}, every {usual:.2f} mm from {along[0]:.2f} to "
            f"{along[-1]:.2f} mm, lacks {len(lacking)}: {few(lacking, shown=8)}; fetch the whole series"
        )
    odd = [
        f"{gap:.2f} mm between {low:.2f} and {high:.2f} mm"
        for gap, low, high in zip(gaps, along[:-1], along[1:], strict=True)
        if abs(gap - usual) > tolerance
    ]
    raise DicomError(
        f"slices are evenly spaced, but {source}, usually every {usual:.2f} mm, has {few(odd, shown=8)}; "
        f"resample the series onto an even grid, or put the even part into a folder of its own"
    )


def _check_straight(aside: NDArray[np.float64], along: NDArray[np.float64], first: Header, source: Path) -> None:
    """Slices must lie above each other along the normal."""
    drift = np.linalg.norm(aside - aside[0], axis=1)
    worst = int(drift.argmax())
    if drift[worst] > _SHEAR_TOLERANCE * min(first.pixel_spacing or ()):
        angle = np.degrees(np.arctan2(drift[worst], along[worst] - along[0]))
        raise DicomError(
            f"slices lie straight above each other, but those of {source} drift {drift[worst]:.2f} mm aside over "
            f"{along[worst] - along[0]:.2f} mm, {angle:.1f} degrees (gantry tilt); resample the series straight first"
        )


def _thickness_of_one(header: Header) -> float:
    """What stands for the spacing of a single slice, in mm."""
    for value in (header.slice_spacing, header.thickness):
        if value:
            return abs(value)
    logger.warning("%s does not say how thick its slice is; 1 mm is assumed", header.path)
    return 1.0


def slice_affine(first: Header, spacing: float = 1.0) -> NDArray[np.float64]:
    """Voxel (column, row, slice) to RAS in mm, where slices follow `first` every `spacing` mm along its normal."""
    lps = spatial.create_affine_matrix_from_attributes(
        image_position=first.position,
        image_orientation=first.orientation,
        pixel_spacing=first.pixel_spacing,
        spacing_between_slices=spacing,
        index_convention=_INDEX_CONVENTION,
    )
    return to_ras(lps)


def to_ras(lps: ArrayLike) -> NDArray[np.float64]:
    """A DICOM (LPS) affine in the convention of NIfTI and MONAI (RAS)."""
    ras: NDArray[np.float64] = spatial.convert_affine_to_convention(np.asarray(lps), "LPS", "RAS")
    return ras


def _normal(orientation: NDArray[np.float64]) -> NDArray[np.float64]:
    normal = spatial.get_normal_vector(orientation, index_convention=_INDEX_CONVENTION)
    return np.asarray(normal / np.linalg.norm(normal))


def _close(one: Sequence[float] | None, other: Sequence[float] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.allclose(one, other, rtol=0, atol=_ORIENTATION_TOLERANCE)
