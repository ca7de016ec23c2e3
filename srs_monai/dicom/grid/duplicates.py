"""Several slices at one place: copies, or acquisitions that must not be mixed."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srs_monai.dicom.grid.geometry import SAME_PLACE, along_normal
from srs_monai.dicom.header import MARKS, DicomError, Header
from srs_monai.dicom.pixels.decode import slice_values
from srs_monai.text import few

_KINDS_OF_IMAGE = (
    "DiffusionBValue", "EchoNumbers", "EchoTime", "EffectiveEchoTime", "TemporalPositionIdentifier",
    "TemporalPositionIndex", "InversionTime", "KVP", "ConvolutionKernel",
)  # fmt: skip
_OWN_FOLDER = "put each into a folder of its own, or name the files of one"


def one_at_a_place(slices: Sequence[Header]) -> list[Header]:
    """The first of the slices at each place, in order."""
    return [group[0] for group in _by_place(slices)]


def without_copies(slices: Sequence[Header], source: Path, leave_out: bool) -> tuple[list[Header], str]:
    """Slices in order, one at each place, and a sentence about copies that were left out.

    Args:
        slices: in order.
        source: what they are of, for messages.
        leave_out: drop slices that equal another at their place, pixel for pixel.

    Raises:
        DicomError: for slices that differ at one place, and for copies that may not be left out.
    """
    groups = _by_place(slices)
    doubled = [group for group in groups if len(group) > 1]
    if not doubled:
        return list(slices), ""
    where = few([f"{_place(group[0], slices[0]):.2f} mm ({_names(group)})" for group in doubled], shown=8)
    if not all(_are_copies(group) for group in doubled):
        told_apart = _told_apart(doubled, slices)
        raise DicomError(
            f"a volume has one slice at a place, but {source} has more at {where}{told_apart}; {_OWN_FOLDER}"
        )
    if not leave_out:
        raise DicomError(
            f"a volume has one slice at a place, but {source} has more at {where}, which equal each other; take the "
            f"copies out, or let resample_uneven (on the command line --resample-uneven) leave them out"
        )
    return [group[0] for group in groups], f"copies of slices left out at {where}"


def check_not_interleaved(slices: Sequence[Header], along: NDArray[np.float64], even: bool, source: Path) -> None:
    """Refuse to lay one grid through acquisitions that pass through the same region at different positions.

    What differs must be the kind of image where slices are even: one volume is often acquired in several passes.
    """
    for tag in _KINDS_OF_IMAGE if even else MARKS:
        ranges: dict[str, tuple[float, float]] = {}
        counts = Counter(header.mark(tag) for header in slices)
        for header, place in zip(slices, along, strict=True):
            low, high = ranges.get(header.mark(tag), (np.inf, -np.inf))
            ranges[header.mark(tag)] = min(low, place), max(high, place)
        ordered = sorted(ranges.values())
        overlap = any(later[0] < earlier[1] for earlier, later in pairwise(ordered))
        if overlap and min(counts.values()) > 1:
            raise DicomError(
                f"acquisitions are never mixed into one volume, but in {source} the slices of several lie between each "
                f"other, told apart by {tag}: {_counted(counts)}; {_OWN_FOLDER}"
            )


def _by_place(slices: Sequence[Header]) -> list[list[Header]]:
    along = along_normal(slices)
    groups = [[slices[0]]]
    start = along[0]
    for header, place in zip(slices[1:], along[1:], strict=True):
        if place - start < SAME_PLACE:
            groups[-1].append(header)
        else:
            groups.append([header])
            start = place
    return groups


def _place(header: Header, first: Header) -> float:
    return float(along_normal([first, header])[1])


def _names(group: Sequence[Header]) -> str:
    one_file = len({header.path for header in group}) == 1
    return few([f"frame {header.frame + 1}" if one_file else header.path.name for header in group])


def _are_copies(group: Sequence[Header]) -> bool:
    first = group[0]
    if not all(np.allclose(first.position or (), header.position or (), rtol=0, atol=SAME_PLACE) for header in group):
        return False
    values = slice_values(first)
    return all(np.array_equal(values, slice_values(header), equal_nan=True) for header in group[1:])


def _told_apart(doubled: Sequence[Sequence[Header]], slices: Sequence[Header]) -> str:
    """The tag whose values differ at every doubled place, else those that differ at some."""
    varying = []
    for tag in MARKS:
        distinct = [len({header.mark(tag) for header in group}) for group in doubled]
        if distinct == [len(group) for group in doubled]:
            return f", told apart by {tag}: {_counted(Counter(header.mark(tag) for header in slices))}"
        if max(distinct) > 1:
            varying.append(tag)
    return f", which differ in {few(varying)}" if varying else ""


def _counted(counts: Counter[str]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (_number(item[0]), item[0]))
    return few(f"{value or 'none'} ({count} slices)" for value, count in ordered)


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return np.inf
