"""Slices of one series, sorted by position, on a straight and even grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srs_monai.dicom.grid.duplicates import check_not_interleaved, without_copies
from srs_monai.dicom.grid.geometry import along_normal, in_order, in_plane_offsets, slice_affine
from srs_monai.dicom.grid.spacing import even_places
from srs_monai.dicom.header import DicomError, Header

_STRAIGHT = 0.5  # pixels: slices with smaller offsets in their plane count as straight
_DECIMALS = 4  # of a pixel: whole shifts stay whole
# a grid with more than 4 times the pixels of a slice may have at most this number of voxels: 0.5 GiB
_WIDEST, _LARGEST = 4, 2**27


@dataclass(frozen=True)
class Stack:
    """Slices in order, and the volume that they fill.

    Args:
        slices: the slices, in order along the normal.
        shape: columns, rows and slices of the volume.
        affine: voxel (column, row, slice) of the volume to RAS in mm.
        places: position of each slice on the last axis, in slices.
        shifts: column and row of the first pixel of each slice, (slices, 2).
        notes: sentences about changes of the values.
    """

    slices: Sequence[Header]
    shape: tuple[int, int, int]
    affine: NDArray[np.float64]
    places: NDArray[np.float64]
    shifts: NDArray[np.float64]
    notes: tuple[str, ...] = ()


def stack(slices: Sequence[Header], source: Path, resample_uneven: bool = False) -> Stack:
    """Sort checked slices by position and find a straight, even grid for them.

    If slices are shifted against each other (gantry tilt), the grid is straight all the same. It has the pixel size of
    the first slice and is wide enough for the pixels of all slices.

    Args:
        slices: slices of one grid, in any order.
        source: their source, for messages.
        resample_uneven: resample missing slices and uneven spacing to an even grid, and skip copies of slices.

    Raises:
        DicomError: for different slices at one position, for slices of several acquisitions, and without
            `resample_uneven` for missing, unevenly spaced or repeated slices.
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
    """The pixel of the grid that is nearest to the first pixel of a slice with this shift, in pixels."""
    return np.asarray(np.floor(np.asarray(shift) + 0.5))


def _straightened(
    slices: Sequence[Header], along: NDArray[np.float64], count: int, source: Path
) -> tuple[NDArray[np.float64], tuple[int, int], str]:
    """The first pixel of each slice on a straight grid, the columns and rows of the grid, and a sentence about tilt."""
    first = slices[0]
    shifts = in_plane_offsets(slices)
    if np.abs(shifts).max() <= _STRAIGHT:
        return np.zeros_like(shifts), (first.columns, first.rows), ""
    shifts = np.round(shifts, _DECIMALS)
    low, high = first_pixel(shifts.min(axis=0)), first_pixel(shifts.max(axis=0))
    columns, rows = first.columns + int(high[0] - low[0]), first.rows + int(high[1] - low[1])
    between_rows, between_columns = first.pixel_spacing or (1.0, 1.0)
    drift = shifts * [between_columns, between_rows]
    furthest = int(np.linalg.norm(drift, axis=1).argmax())
    drifting = f"slices drift {np.linalg.norm(drift[furthest]):.2f} mm aside over {along[furthest] - along[0]:.2f} mm"
    if columns * rows > _WIDEST * first.columns * first.rows and columns * rows * count > _LARGEST:
        raise DicomError(
            f"slices of a volume must lie above each other, but in {source} {drifting}, which would need a grid of "
            f"{columns} x {rows} pixels; put each part into its own folder"
        )
    note = f"{drifting} ({_tilt(drift, along)}): resampled onto a straight grid of {columns} x {rows} pixels"
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
    """The thickness of a single slice, in mm, and a note if it is assumed."""
    for value in (header.slice_spacing, header.thickness):
        if value:
            return abs(value), ""
    return 1.0, "the header does not state the thickness of the slice: 1 mm is assumed"
