"""Several slices at one position: copies, or acquisitions that must not be mixed."""

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
_OWN_FOLDER = "put each into its own folder, or name the files of one"


def one_at_a_place(slices: Sequence[Header]) -> list[Header]:
    """The first of the slices at each position, in order."""
    return [group[0] for group in _by_place(slices)]


def without_copies(slices: Sequence[Header], source: Path, leave_out: bool) -> tuple[list[Header], str]:
    """Slices in order, one at each position, and a sentence about skipped copies.

    Args:
        slices: the slices, in order.
        source: their source, for messages.
        leave_out: skip slices that equal another slice at their position, pixel for pixel.

    Raises:
        DicomError: for different slices at one position, and for copies without `leave_out`.
    """
    groups = _by_place(slices)
    doubled = [group for group in groups if len(group) > 1]
    if not doubled:
        return list(slices), ""
    where = few([f"{_place(group[0], slices[0]):.2f} mm ({_names(group)})" for group in doubled], shown=8)
    if not all(_are_copies(group) for group in doubled):
        differing = _differing_tags(doubled, slices)
        raise DicomError(
            f"a volume must have one slice at each position, but {source} has several at {where}{differing}; "
            f"{_OWN_FOLDER}"
        )
    if not leave_out:
        raise DicomError(
            f"a volume must have one slice at each position, but {source} has equal copies at {where}; remove the "
            f"copies, or skip them with resample_uneven (on the command line --resample-uneven)"
        )
    return [group[0] for group in groups], f"copies of slices skipped at {where}"


def check_not_interleaved(slices: Sequence[Header], along: NDArray[np.float64], even: bool, source: Path) -> None:
    """Reject interleaved acquisitions: slices of the same region at different positions.

    Evenly spaced slices are rejected only if the kind of image differs, because one volume is often acquired in several
    passes.
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
                f"a volume must come from one acquisition, but {source} has interleaved slices of several, which "
                f"differ in {tag}: {_counted(counts)}; {_OWN_FOLDER}"
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


def _differing_tags(doubled: Sequence[Sequence[Header]], slices: Sequence[Header]) -> str:
    """The tag whose values differ at every repeated position, else the tags that differ at some of them."""
    varying = []
    for tag in MARKS:
        distinct = [len({header.mark(tag) for header in group}) for group in doubled]
        if distinct == [len(group) for group in doubled]:
            return f", which differ in {tag}: {_counted(Counter(header.mark(tag) for header in slices))}"
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
