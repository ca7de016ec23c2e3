"""Random series against the truth that they were made from."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import Series, write_series
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from srs_monai.data.readers import DicomError, DicomReader, dicom_slices

# the same examples on every machine
FEW = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no fault
)
TOLERANCE = 0.03  # stored values are kept to 1/64


@dataclass
class Made:
    """What a series was made from: positions along its normal, sideways drift, directions, spacing."""

    along: NDArray[np.float64]
    aside: NDArray[np.float64]
    orientation: tuple[float, ...]
    spacing: tuple[float, float]
    size: tuple[int, int]


@dataclass
class Volume:
    """What was read."""

    array: NDArray[np.float32]
    affine: NDArray[np.float64]
    notes: str


lengths = st.floats(0.3, 4.0).map(lambda value: round(value, 3))


@st.composite
def orientations(draw: Any) -> tuple[float, ...]:
    """Any rotation, or one to the axes, mirrored or not."""
    if draw(st.booleans()):
        axes = np.eye(3)[draw(st.permutations(range(3)))]
    else:
        axes = Rotation.random(random_state=draw(st.integers(0, 10_000))).as_matrix()
    signs = draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 2))
    return (*(signs[0] * axes[0]), *(signs[1] * axes[1]))


@st.composite
def drifts(draw: Any, along: NDArray[np.float64], spacing: tuple[float, float]) -> NDArray[np.float64]:
    """No drift, one angle, or a drift of its own for each slice, of more than a pixel, along rows and down columns."""
    kind = draw(st.sampled_from(["none", "tilt", "variable"]))
    if kind == "none":
        return np.zeros((len(along), 2))
    if kind == "tilt":
        angles = draw(st.tuples(st.floats(5, 30), st.floats(-30, 30)))
        drift = np.outer(along - along[0], np.tan(np.radians(angles)))
    else:
        each = st.tuples(st.floats(-6, 6), st.floats(-6, 6))
        drift = np.array(draw(st.lists(each, min_size=len(along), max_size=len(along))))
        drift -= drift[0]
    pixels = np.abs(drift / spacing[::-1]).max()
    return drift if pixels == 0 or pixels > 0.6 else drift * (0.6 / pixels)


@st.composite
def series(draw: Any, gaps: st.SearchStrategy[list[float]]) -> Made:
    """A series whose neighbours lie so far apart, in any order, direction and spacing."""
    along = np.concatenate([[0.0], np.cumsum(draw(gaps))])
    spacing = draw(st.tuples(lengths, lengths))
    size = draw(st.tuples(st.integers(2, 9), st.integers(2, 9)))
    return Made(along, draw(drifts(along, spacing)), draw(orientations()), spacing, size)


@st.composite
def even_gaps(draw: Any) -> list[float]:
    """The same gap everywhere."""
    return [draw(lengths)] * draw(st.integers(1, 9))


@st.composite
def missing_gaps(draw: Any) -> list[float]:
    """Gaps of one length, and a few of two or three times it."""
    gap = draw(lengths)
    wide = draw(st.lists(st.sampled_from([2, 3]), min_size=1, max_size=4))
    steps = [1] * draw(st.integers(len(wide), 6)) + wide
    return [gap * step for step in [1, *draw(st.permutations(steps))]]


@st.composite
def uneven_gaps(draw: Any) -> list[float]:
    """Gaps that differ by more than any tolerance, and are no multiples."""
    gap = round(draw(st.floats(1.0, 4.0)), 3)  # of thinner slices 0.3 of a gap can be within the tolerance
    factors = draw(st.lists(st.sampled_from([1.0, 1.0, 1.3, 1.45, 1.7]), min_size=3, max_size=8))
    return [gap * factor for factor in [1.0, *factors, 1.45]]


def field(ras: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear in mm: linear interpolation is exact, wherever the grid lies."""
    return ras @ [2.0, -3.0, 5.0] + 100


def read(made: Made, folder: str, **options: Any) -> tuple[Volume, Series]:
    written = write_series(
        Path(folder), made.along, made.orientation, made.size, aside=made.aside, spacing=made.spacing, field=field
    )
    array, meta = DicomReader(**options).get_data(folder)
    return Volume(array, meta["affine"], meta["notes"]), written


def inside(places: NDArray[np.float64], position: NDArray[np.float64], made: Made) -> NDArray[np.bool_]:
    """Which points (..., 3), LPS, lie between the outermost pixel centres of a slice, seen along its normal."""
    across, down = np.array(made.orientation).reshape(2, 3)
    column = (places - position) @ across / made.spacing[1]
    row = (places - position) @ down / made.spacing[0]
    rows, columns = made.size
    slack = 1e-3
    return (column > -slack) & (column < columns - 1 + slack) & (row > -slack) & (row < rows - 1 + slack)


def assert_is_the_field(volume: Volume, made: Made, written: Series) -> None:
    """Every voxel that lies within both slices next to it has the field's value at the place that the affine tells."""
    index = np.moveaxis(np.indices(volume.array.shape), 0, -1)
    affine = volume.affine
    ras = index @ affine[:3, :3].T + affine[:3, 3]
    across, down = np.array(made.orientation).reshape(2, 3)
    normal = np.cross(across, down)
    for number in range(volume.array.shape[2]):
        lps = ras[:, :, number] * [-1, -1, 1]
        along = float((lps[0, 0] - written.positions[0]) @ normal)
        after = int(np.clip(np.searchsorted(made.along, along - 1e-6), 0, len(made.along) - 1))
        neighbours = [after] if abs(made.along[after] - along) < 1e-4 else [after - 1, after]
        sampled = np.all([inside(lps, written.positions[i], made) for i in neighbours], axis=0)
        values = volume.array[:, :, number]
        np.testing.assert_allclose(values[sampled], field(ras[:, :, number][sampled]), atol=TOLERANCE)


def assert_straight(volume: Volume, made: Made) -> None:
    axes = volume.affine[:3, :3]
    squares = axes.T @ axes
    np.testing.assert_allclose(squares - np.diag(np.diag(squares)), 0, atol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.diag(squares))[:2], made.spacing[::-1], rtol=1e-6)


@FEW
@given(series(even_gaps()))
def test_even_series_are_where_they_were_made(made: Made) -> None:
    with tempfile.TemporaryDirectory() as folder:
        volume, written = read(made, folder)
        grid = dicom_slices(folder)
    assert volume.array.shape[2] == len(made.along)
    assert_straight(volume, made)
    assert_is_the_field(volume, made, written)
    assert ("gantry tilt" in volume.notes) == bool(made.aside.any())
    assert grid.paths == tuple(written.files)
    origins = np.array([affine[:3, 3] for affine in grid.affines])
    np.testing.assert_allclose(origins, written.positions * [-1, -1, 1], atol=1e-6)


@FEW
@given(series(missing_gaps()))
def test_missing_slices_are_refused_or_filled_in(made: Made) -> None:
    lacking = round((made.along[-1] - made.along[0]) / made.along[1]) + 1 - len(made.along)
    with tempfile.TemporaryDirectory() as folder:
        with pytest.raises(DicomError, match=rf"lacks {lacking}: .*--resample-uneven"):
            read(made, folder)
        volume, written = read(made, folder + "/again", resample_uneven=True)
    assert volume.array.shape[2] == len(made.along) + lacking
    assert f"{lacking} missing slices" in volume.notes
    assert_straight(volume, made)
    assert_is_the_field(volume, made, written)


@FEW
@given(series(uneven_gaps()))
def test_uneven_series_are_refused_or_resampled(made: Made) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with pytest.raises(DicomError, match=r"evenly spaced.*--resample-uneven"):
            read(made, folder)
        volume, written = read(made, folder + "/again", resample_uneven=True)
    gaps = np.diff(made.along)
    spacing = np.linalg.norm(volume.affine[:3, 2])
    assert gaps.min() - 0.31 * gaps.min() < spacing <= gaps.min() + 1e-6
    assert spacing * (volume.array.shape[2] - 1) == pytest.approx(made.along[-1], abs=1e-4)
    assert "uneven spacing" in volume.notes
    assert_straight(volume, made)
    assert_is_the_field(volume, made, written)
