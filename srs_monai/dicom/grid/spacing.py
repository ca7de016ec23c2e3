"""Positions of slices along their normal as places on an even grid; gaps and uneven spacing are rejected."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srs_monai.dicom.header import DicomError
from srs_monai.text import few

# positions are often rounded to tenths of a mm; a larger deviation, or a fifth of the spacing of thin slices, is uneven
_TOLERANCE = 0.1
_FRACTION = 5
# slices of an even grid for each original slice, at most: with more, most of the volume would be invented
_MOST_SLICES = 5
_ON_REQUEST = "resample_uneven (on the command line --resample-uneven)"


@dataclass(frozen=True)
class Places:
    """An even grid of slices: its spacing in mm, and the places of the original slices on it, in slices of the grid."""

    spacing: float
    places: NDArray[np.float64]
    note: str = ""

    @property
    def count(self) -> int:
        """Number of slices of the grid, which runs from the first to the last original slice."""
        return round(float(self.places[-1])) + 1


def even_places(along: NDArray[np.float64], source: object, resample_uneven: bool = False) -> Places:
    """The even grid of slices at some positions along their normal.

    Evenly spaced slices form the grid. If slices are missing, the grid passes through the others. If the spacing is
    uneven, the grid has the smallest gap between neighbours, so that no detail is lost. Gaps below a fifth of the
    median do not count: otherwise one misplaced slice would set the spacing of all.

    Args:
        along: at least two ascending positions, in mm.
        source: source of the slices, for messages.
        resample_uneven: allow missing slices and uneven spacing.

    Raises:
        DicomError: for missing slices or uneven spacing without `resample_uneven`, and for a grid with far more slices
            than the series.
    """
    gaps = np.diff(along)
    usual = float(np.percentile(gaps, 50, method="lower"))
    usual = float(gaps[np.abs(gaps - usual) <= min(_TOLERANCE, usual / _FRACTION)].mean())
    tolerance = min(_TOLERANCE, usual / _FRACTION)
    steps = np.round(gaps / usual)
    places = np.concatenate([[0.0], np.cumsum(steps)])
    span = float(along[-1] - along[0])
    spacing = span / max(places[-1], 1.0)
    regular = bool((steps >= 1).all() and (np.abs(along - along[0] - places * spacing) <= tolerance + 1e-6).all())
    if regular and (steps == 1).all():
        return Places(spacing, places)
    if regular:
        lacking = [
            f"{along[0] + place * spacing:.2f} mm" for place in range(int(places[-1])) if place not in set(places)
        ]
        if not resample_uneven:
            raise DicomError(
                f"a series must not lack slices, but {source}, with a slice every {spacing:.2f} mm from {along[0]:.2f} "
                f"to {along[-1]:.2f} mm, lacks {len(lacking)}: {few(lacking, shown=8)}; fetch the whole series, or "
                f"fill them in with {_ON_REQUEST}"
            )
        note = f"{len(lacking)} missing slices filled in from their neighbours: {few(lacking, shown=8)}"
        return _bounded(Places(spacing, places, note), len(along), source)
    if not resample_uneven:
        raise DicomError(
            f"slices must be evenly spaced, but {source}, usually every {usual:.2f} mm, has "
            f"{_odd_gaps(along, gaps, usual, tolerance)}; put the even part into its own folder, or resample "
            f"the series with {_ON_REQUEST}"
        )
    smallest = float(gaps[gaps >= np.percentile(gaps, 50, method="lower") / _FRACTION].min())
    spacing = span / np.ceil(span / smallest - 1e-6)
    note = f"uneven spacing, {gaps.min():.2f} to {gaps.max():.2f} mm, resampled to a slice every {spacing:.2f} mm"
    return _bounded(Places(spacing, (along - along[0]) / spacing, note), len(along), source)


def _odd_gaps(along: NDArray[np.float64], gaps: NDArray[np.float64], usual: float, tolerance: float) -> str:
    odd = [
        f"{gap:.2f} mm between {low:.2f} and {high:.2f} mm"
        for gap, low, high in zip(gaps, along[:-1], along[1:], strict=True)
        if abs(gap - usual) > tolerance
    ]
    if odd:
        return few(odd, shown=8)
    return (
        f"gaps that change from {gaps.min():.3f} to {gaps.max():.3f} mm between {along[0]:.2f} and {along[-1]:.2f} mm"
    )


def _bounded(grid: Places, slices: int, source: object) -> Places:
    if grid.count > _MOST_SLICES * slices:
        raise DicomError(
            f"an even grid may have at most {_MOST_SLICES} slices for each original one, but {source} has {slices} and "
            f"would need {grid.count}, every {grid.spacing:.2f} mm over {grid.spacing * (grid.count - 1):.2f} mm; put "
            f"each part into its own folder"
        )
    return grid
