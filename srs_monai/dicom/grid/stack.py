"""Slices of one series in order along the patient and on a straight, even grid, or refused with their positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srs_monai.dicom.grid.duplicates import check_not_interleaved, without_copies
from srs_monai.dicom.grid.geometry import along_normal, aside, in_order, slice_affine
from srs_monai.dicom.grid.spacing import even_places
from srs_monai.dicom.header import DicomError, Header

_STRAIGHT = 0.5  # pixels that slices may lie aside of each other and count as straight
_DECIMALS = 4  # of a pixel: whole shifts stay whole
# a grid that must be widened to more than so many times a slice may have so many voxels at most: 0.5 GiB
_WIDEST, _LARGEST = 4, 2**27


@dataclass(frozen=True)
class Stack:
    """Slices in order, and the volume that they fill.

    Args:
        slices: in order along the normal.
        shape: columns, rows and slices of the volume.
        affine: voxel (column, row, slice) of the volume to RAS in mm.
        places: where on the last axis each slice lies, in slices.
        shifts: column and row where the first pixel of each slice lies, (slices, 2).
        notes: sentences about what is done to the values.
    """

    slices: Sequence[Header]
    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    places: NDArray[np.float64]
    shifts: NDArray[np.float64]
    notes: tuple[str, ...] = ()


def stack(slices: Sequence[Header], source: Path, resample_uneven: bool = False) -> Stack:
    """Sort checked slices of one grid by position and lay a straight, even grid through them.

    Slices that lie aside of each other (gantry tilt) get a grid that is as straight as the others, with the pixels of
    the first slice, widened so far that it holds the pixels of all: what was scanned must not fall off its edge.

    Args:
        slices: of one grid, in any order.
        source: what they are of, for messages.
        resample_uneven: lay an even grid through missing slices and uneven spacing, leave out copies of slices.

    Raises:
        DicomError: when slices are doubled or of several acquisitions, and, without `resample_uneven`, missing or
            unevenly spaced.
    """
    ordered, copies = without_copies(in_order(slices), source, resample_uneven)
    first = ordered[0]
    if len(ordered) == 1:
        spacing, assumed = _thickness_of_one(first)
        notes = tuple(note for note in (copies, assumed) if note)
        affine = slice_affine(first, spacing)
        return Stack(ordered, (first.columns, first.rows, 1), affine, np.zeros(1), np.zeros((1, 2)), notes)
    along = along_normal(ordered)
    check_not_interleaved(ordered, along, True, source)
    grid = even_places(along, source, resample_uneven)
    if grid.note:
        check_not_interleaved(ordered, along, False, source)
    shifts, size, tilt = _straightened(ordered, along, grid.count, source)
    affine = slice_affine(first, grid.spacing)
    affine[:3, 3] -= affine[:3, :2] @ shifts[0]
    notes = tuple(note for note in (copies, tilt, grid.note) if note)
    return Stack(ordered, (*size, grid.count), affine, grid.places, shifts, notes)


def first_pixel(shift: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """The pixel of a grid that lies nearest to the first one of a slice shifted by so many pixels."""
    return np.asarray(np.floor(np.asarray(shift) + 0.5))


def _straightened(
    slices: Sequence[Header], along: NDArray[np.float64], count: int, source: Path
) -> tuple[NDArray[np.float64], tuple[int, int], str]:
    """Where slices begin on a straight grid, its columns and rows, and a sentence about their tilt."""
    first = slices[0]
    shifts = aside(slices)
    if np.abs(shifts).max() <= _STRAIGHT:
        return np.zeros_like(shifts), (first.columns, first.rows), ""
    shifts = np.round(shifts, _DECIMALS)
    low, high = first_pixel(shifts.min(axis=0)), first_pixel(shifts.max(axis=0))
    columns, rows = first.columns + int(high[0] - low[0]), first.rows + int(high[1] - low[1])
    between_rows, between_columns = first.pixel_spacing or (1.0, 1.0)
    drift = shifts * [between_columns, between_rows]
    furthest = int(np.linalg.norm(drift, axis=1).argmax())
    said = f"slices drift {np.linalg.norm(drift[furthest]):.2f} mm aside over {along[furthest] - along[0]:.2f} mm"
    if columns * rows > _WIDEST * first.columns * first.rows and columns * rows * count > _LARGEST:
        raise DicomError(
            f"slices of a volume lie above each other, but in {source} {said}, which would take a grid of "
            f"{columns} x {rows} pixels; put each part into a folder of its own"
        )
    note = f"{said} ({_tilt(drift, along)}): resampled onto a straight grid of {columns} x {rows} pixels"
    return shifts - low, (columns, rows), note


def _tilt(drift: NDArray[np.float64], along: NDArray[np.float64]) -> str:
    """The angle of a tilt, or how it varies, from sideways drift and positions in mm."""
    angles = np.degrees(np.arctan2(np.linalg.norm(np.diff(drift, axis=0), axis=1), np.diff(along)))
    slope = drift[-1] / (along[-1] - along[0])
    proportional = np.outer(along - along[0], slope)
    if np.abs(drift - proportional).max() < 1.0:
        return f"gantry tilt of {np.degrees(np.arctan(np.linalg.norm(slope))):.1f} degrees"
    return f"variable gantry tilt, {angles.min():.1f} to {angles.max():.1f} degrees"


def _thickness_of_one(header: Header) -> tuple[float, str]:
    """What stands for the spacing of a single slice, in mm, and a sentence where nothing says it."""
    for value in (header.slice_spacing, header.thickness):
        if value:
            return abs(value), ""
    return 1.0, "the header does not say how thick the slice is: 1 mm is assumed"
