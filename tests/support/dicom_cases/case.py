"""A case: its name, how its input and truth are made, and what DicomReader does with it."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nibabel as nib
import numpy as np
from dicom_files import PIXEL_SPACING, Series, write_series
from dicom_judge import Field, Given, Volume
from numpy.typing import NDArray

from dicom_cases.edits import IN_ORDER, Edit, in_turn, set_tags, split

#: writes the input of a case into an empty folder; the second folder holds the real images
Make = Callable[[Path, Path], Given]

CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel().tolist())
EVEN = tuple(np.arange(8) * 2.5)
UNEVEN = (("resample_uneven", True),)  # the option of DicomReader
BY_OPTION = "--resample-uneven"  # the way out, in a refusal
_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


class Verdict(NamedTuple):
    """What DicomReader does with a case.

    Args:
        kind: "right", "right, said" or "refused".
        named: names and values that the refusal must contain.
    """

    kind: str
    named: tuple[str, ...] = ()


RIGHT, SAID = Verdict("right"), Verdict("right, said")


def refused(*named: str) -> Verdict:
    """A refusal that contains these names and values."""
    return Verdict("refused", named)


class Case(NamedTuple):
    """One row of the table."""

    name: str
    make: Make
    verdict: Verdict


def section(*rows: tuple[str, Make, Verdict]) -> dict[str, Case]:
    """Cases by name.

    Raises:
        ValueError: when two rows have the same name.
    """
    cases = {row[0]: Case(*row) for row in rows}
    if len(cases) < len(rows):
        names = [row[0] for row in rows]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"every case has a name of its own, but {twice} stand there twice; rename one")
    return cases


def truth_of(
    series: Series, values: NDArray[Any] | None = None, field: Field | None = None, tolerance: float = 1e-3
) -> Volume:
    """The truth of a written series: its stored values less 1024, or the given values, where the slices lie."""
    return Volume(
        np.asarray(series.stored - 1024.0 if values is None else values, dtype=float),
        np.stack([slice_affine(position, series.orientation, PIXEL_SPACING) for position in series.positions]),
        field,
        tolerance,
    )


def slice_affine(
    position: Sequence[float], orientation: Sequence[float], pixel_spacing: Sequence[float]
) -> NDArray[np.float64]:
    """DICOM's equation: (column, row, 0) to the patient, in RAS."""
    across, down = np.reshape(orientation, (2, 3))
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = across * pixel_spacing[1], down * pixel_spacing[0]
    affine[:3, 2], affine[:3, 3] = np.cross(across, down), position
    return _TO_RAS @ affine


def part(truth: Volume, slices: Any) -> Volume:
    """The truth of some of the slices."""
    return Volume(truth.values[slices], truth.affines[slices])


def series(
    edit: Edit | None = None,
    *,
    unknown: str = "",
    said: bool = False,
    options: tuple[tuple[str, Any], ...] = (),
    below: str = "",
    after: Callable[[Series], object] | None = None,
    named: Callable[[Series], Path | Sequence[Path]] | None = None,
    values: Callable[[NDArray[Any]], NDArray[Any]] | None = None,
    truths: Callable[[Volume], Iterable[Volume]] | None = None,
    **tags_and_options: Any,
) -> Make:
    """A CT series of 8 slices, numbered upwards, and what a case changes about it.

    Args:
        edit: of each slice, before it is written.
        unknown: the part of the truth that the input does not tell, so that it must be refused.
        said: whether the right result needs a warning or a note.
        options: of DicomReader.
        below: a folder for the files, below the empty one.
        after: changes what is written, or adds to it.
        named: what the reader is given in place of the files' folder.
        values: makes the true values of the stored ones, where they are not HU plus 1024.
        truths: makes the right results of the series' truth, where it is not the one result.
        tags_and_options: tags for `set_tags`, which begin with a capital letter, and options of `write_series`.
    """
    tags, written = split(tags_and_options)

    def make(folder: Path, _: Path) -> Given:
        one = write_series(folder / below, edit=in_turn(IN_ORDER, set_tags(**tags), edit), **{"along": EVEN, **written})
        truth = truth_of(one, None if values is None else values(one.stored))
        if after is not None:
            after(one)
        right = [] if unknown else [truth] if truths is None else list(truths(truth))
        return Given(one.folder if named is None else named(one), right, unknown, said, options)

    return make


def linear_series(
    along: Sequence[float],
    aside: float | Sequence[float] = 0.0,
    *,
    said: bool = False,
    options: tuple[tuple[str, Any], ...] = (),
) -> Make:
    """A series whose values are linear in the patient, so that linear interpolation is exact."""

    def field(places: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(places @ np.array([3.1, -2.3, 1.7]) - 80)

    def make(folder: Path, _: Path) -> Given:
        one = write_series(folder, along=along, aside=aside, size=(12, 16), field=field, edit=IN_ORDER)
        truth = truth_of(one, one.stored / 64, field, tolerance=0.02)
        return Given(folder, [truth], to_be_said=said, options=options)

    return make


def first_file(one: Series) -> Path:
    """The file of the lowest slice, for `named`."""
    return one.files[0]


def rewrite(number: int, change: Callable[[bytes], bytes]) -> Callable[[Series], object]:
    """Write other bytes for the file of one slice, for `after`."""
    return lambda one: one.files[number].write_bytes(change(one.files[number].read_bytes()))
