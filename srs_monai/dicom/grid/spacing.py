"""Positions of slices along their normal as places on an even grid, or refused with the positions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srs_monai.dicom.header import DicomError
from srs_monai.text import few

# Positions are often written in tenths of a mm. Off by more, or by a fifth of thin slices' spacing, spacing is uneven.
_TOLERANCE = 0.1
_FRACTION = 5
# an even grid has at most so many slices for each that there is: beyond, most of the volume would be made up
_MOST_SLICES = 5
_ON_REQUEST = "resample_uneven (on the command line --resample-uneven)"


@dataclass(frozen=True)
class Places:
    """An even grid of slices: the distance between them in mm, and where on it, in slices, the slices there are lie."""

    spacing: float
    places: NDArray[np.float64]
    note: str = ""

    @property
    def count(self) -> int:
        """Slices of the grid, whose first and last are the first and last that there are."""
        return round(float(self.places[-1])) + 1


def even_places(along: NDArray[np.float64], source: object, resample_uneven: bool = False) -> Places:
    """Lay a grid through positions along the normal, in mm, rising and at least two.

    Slices that follow each other evenly are the grid. Where some are missing, the grid goes through those that there
    are. Where spacing is uneven, it is the smallest gap between neighbours, so that no detail is lost; gaps below a
    fifth of the median do not count, for one slice out of line would else rule all others.

    Args:
        along: positions, in mm.
        source: what they are of, for messages.
        resample_uneven: allow missing slices and uneven spacing.

    Raises:
        DicomError: for either without `resample_uneven`, and where the grid would need far more slices than there are.
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
                f"slices follow each other without gaps, but {source}, every {spacing:.2f} mm from {along[0]:.2f} to "
                f"{along[-1]:.2f} mm, lacks {len(lacking)}: {few(lacking, shown=8)}; fetch the whole series, or let "
                f"{_ON_REQUEST} fill them in"
            )
        note = f"{len(lacking)} missing slices filled in from their neighbours: {few(lacking, shown=8)}"
        return _bounded(Places(spacing, places, note), len(along), source)
    if not resample_uneven:
        raise DicomError(
            f"slices are evenly spaced, but {source}, usually every {usual:.2f} mm, has "
            f"{_odd_gaps(along, gaps, usual, tolerance)}; put the even part into a folder of its own, or let "
            f"{_ON_REQUEST} lay an even grid through them"
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
    return f"gaps that creep from {gaps.min():.3f} to {gaps.max():.3f} mm between {along[0]:.2f} and {along[-1]:.2f} mm"


def _bounded(grid: Places, slices: int, source: object) -> Places:
    if grid.count > _MOST_SLICES * slices:
        raise DicomError(
            f"an even grid has at most {_MOST_SLICES} slices for each that there is, but {source} has {slices} and "
            f"would need {grid.count}, every {grid.spacing:.2f} mm over {grid.spacing * (grid.count - 1):.2f} mm; put "
            f"each part into a folder of its own"
        )
    return grid
