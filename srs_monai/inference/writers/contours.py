"""Outlines of regions as closed polygons without holes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.measure import find_contours

Points = NDArray[np.float64]  # (n, 2), each a (row, column)
_ASIDE = 0.25  # of a pixel: slits run between the corners of outlines, which lie on whole and half columns


@dataclass(frozen=True)
class _Slit:
    """The cut from a hole to the border above it: its start on an edge of the hole, and its end."""

    hole: int
    edge: int
    start: Points
    end: Points


def outlines(region: NDArray[np.bool_]) -> list[Points]:
    """The outlines of a region (rows, columns) as polygons, half-way between the pixels inside and outside.

    Filling all pixels whose centre lies in a polygon gives the same region. Pixels that share only a corner are not
    connected. A hole is connected to the border above it by a slit without width, along which the polygon goes in and
    comes back (DICOM's keyhole). Readers fill it in the same way whether they join polygons, subtract them from each
    other or treat them one by one.

    Returns:
        Polygons; the last point is connected to the first.
    """
    padded = np.pad(region, 1).astype(np.uint8)
    rings = [_corners(ring[:-1] - 1) for ring in find_contours(padded, 0.5, fully_connected="low")]
    starts = np.concatenate([*rings, np.empty((0, 2))])
    ends = np.concatenate([*(np.roll(ring, -1, axis=0) for ring in rings), np.empty((0, 2))])
    first = np.cumsum([0, *map(len, rings)])
    slits: dict[tuple[int, int], list[_Slit]] = defaultdict(list)
    outer = [number for number, ring in enumerate(rings) if not _is_hole(ring)]
    for number in set(range(len(rings))) - set(outer):
        edge, start = _top(rings[number])
        met, end = _above(start, starts, ends)
        ring = int(np.searchsorted(first, met, side="right")) - 1
        slits[ring, met - int(first[ring])].append(_Slit(number, edge, start, end))
    return [np.array(list(_walk(number, 0, rings, slits))) for number in outer]


def _corners(ring: Points) -> Points:
    """A closed ring without the points inside straight lines."""
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    return np.asarray(ring[turns])


def _is_hole(ring: Points) -> bool:
    """Whether a ring surrounds a hole: find_contours runs around holes in the opposite direction."""
    rows, columns = ring.T
    return float(rows @ np.roll(columns, -1) - columns @ np.roll(rows, -1)) > 0


def _top(hole: Points) -> tuple[int, Points]:
    """A point at the top of a hole, on the edge that goes down to the right, and the number of this edge."""
    rows, columns = hole.T
    top = int(np.lexsort((-columns, rows))[0])
    following = (top + 1) % len(hole)
    edge, other = (top, following) if columns[following] > columns[top] else ((top - 1) % len(hole), top - 1)
    share = _ASIDE / (columns[other] - columns[top])
    return edge, hole[top] + share * (hole[other] - hole[top])


def _above(point: Points, starts: Points, ends: Points) -> tuple[int, Points]:
    """The first edge above a point, and the point where it is met."""
    row, column = point
    crossing = np.flatnonzero((starts[:, 1] - column) * (ends[:, 1] - column) < 0)
    a, b = starts[crossing], ends[crossing]
    rows = a[:, 0] + (column - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
    nearest = int(np.where(rows < row - _ASIDE / 2, rows, -np.inf).argmax())
    return int(crossing[nearest]), np.array([rows[nearest], column])


def _walk(
    number: int, first: int, rings: Sequence[Points], slits: Mapping[tuple[int, int], Sequence[_Slit]]
) -> Iterator[Points]:
    """The corners of a ring, starting at number `first`, with a walk around each hole that a slit leads to."""
    ring = rings[number]
    for edge in (*range(first, len(ring)), *range(first)):
        corner = ring[edge]
        yield corner
        on_edge = slits.get((number, edge), ())
        for slit in sorted(on_edge, key=lambda slit: abs(float(slit.end[1] - corner[1]))):
            yield slit.end
            yield slit.start
            yield from _walk(slit.hole, (slit.edge + 1) % len(rings[slit.hole]), rings, slits)
            yield slit.start
            yield slit.end
