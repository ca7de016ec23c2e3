"""Outlines are closed, simple to fill, and give the region back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from skimage.draw import polygon2mask

from srs_monai.inference.writers.contours import outlines


def area(polygon: NDArray[np.float64]) -> float:
    rows, columns = polygon.T
    return 0.5 * abs(float(rows @ np.roll(columns, -1) - columns @ np.roll(rows, -1)))


def region_of(text: str) -> NDArray[np.bool_]:
    return np.array([[letter == "x" for letter in line] for line in text.split()])


def test_a_rectangle_has_its_corners_cut() -> None:
    [polygon] = outlines(region_of("..... .xxx. .xxx. ....."))
    assert {tuple(point) for point in polygon.tolist()} == {
        (0.5, 1), (0.5, 3), (1, 3.5), (2, 3.5), (2.5, 3), (2.5, 1), (2, 0.5), (1, 0.5),
    }  # fmt: skip
    assert area(polygon) == 6 - 0.5


def test_a_pixel_at_the_border_is_a_diamond() -> None:
    [polygon] = outlines(region_of("x."))
    assert {tuple(point) for point in polygon.tolist()} == {(-0.5, 0), (0, 0.5), (0.5, 0), (0, -0.5)}


def test_nothing_has_no_outline() -> None:
    assert outlines(np.zeros((3, 4), bool)) == []


def test_corner_neighbours_are_apart() -> None:
    assert len(outlines(region_of("x. .x"))) == 2


def test_a_hole_is_a_keyhole() -> None:
    [polygon] = outlines(region_of("xxxxx xxxxx xx.xx xxxxx xxxxx"))
    points = [tuple(point) for point in polygon.tolist()]
    slit = [(-0.5, 2.25), (1.75, 2.25)]  # from the outer border to the hole, between columns
    places = [points.index(point) for point in slit]
    assert places[1] == places[0] + 1
    assert points[places[1] :].count(slit[1]) == points[places[0] :].count(slit[0]) == 2  # there and back
    assert area(polygon) == (25 - 0.5) - 0.5  # the hole of one pixel is a diamond


@pytest.mark.parametrize(
    "text",
    [
        "xxxxxxx xxxxxxx xx.x.xx xxxxxxx xxx.xxx xxxxxxx",  # three holes, one below the others
        "xxxxxxx x.....x x.xxx.x x.x.x.x x.xxx.x x.....x xxxxxxx",  # a ring in the hole of a ring
        "xxxx x..x x.xx xx.x xxxx",  # a hole that touches another at a corner
        "xxxxx x.x.x xxxxx x.x.x xxxxx",
    ],
)
def test_readers_fill_polygons_alike(text: str) -> None:
    region = region_of(text)
    filled = [polygon2mask(region.shape, polygon) for polygon in outlines(region)]
    np.testing.assert_array_equal(np.logical_or.reduce(filled), region)
    np.testing.assert_array_equal(np.logical_xor.reduce(filled), region)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14))))
def test_any_region_comes_back(region: NDArray[np.bool_]) -> None:
    polygons = outlines(region)
    filled = [polygon2mask(region.shape, polygon) for polygon in polygons]
    np.testing.assert_array_equal(np.sum([np.zeros(region.shape, int), *filled], axis=0), region)
