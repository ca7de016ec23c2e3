"""Masks on the slices of their source: the same where nothing was resampled, the nearest voxel where it was."""

from pathlib import Path

import numpy as np
import pytest

from srs_monai.data.readers import SourceGrid
from srs_monai.inference.results.packed_labels import plane_of
from srs_monai.inference.writers.source_slices import on_source_slices

PLANE = np.diag([-0.5, -0.5, 1.0, 1.0])


def grid_at(places: list[tuple[float, float, float]], columns: int = 3, rows: int = 2) -> SourceGrid:
    affines = []
    for place in places:
        affine = PLANE.copy()
        affine[:3, 3] = place
        affines.append(affine)
    paths = tuple(Path(str(number)) for number in range(len(places)))
    return SourceGrid(paths, (1,) * len(places), tuple(affines), columns, rows)


def volume_affine(spacing: float) -> np.ndarray:
    affine = PLANE.copy()
    affine[2, 2] = spacing
    return affine


@pytest.mark.parametrize("aside", [0.0, 0.1, 0.25])
def test_a_mask_that_was_not_resampled_is_kept(aside: float) -> None:
    mask = np.random.default_rng(0).integers(0, 3, (3, 2, 4), dtype=np.uint8)
    grid = grid_at([(-aside * k / 3, 0, 2.0 * k + 0.1 * (k == 1)) for k in range(4)])
    frames, notes = on_source_slices(mask, volume_affine(2.0), grid)
    assert notes == []
    np.testing.assert_array_equal(np.asarray(frames), mask)


def test_a_slice_that_lies_aside_has_the_voxels_below_it() -> None:
    mask = np.zeros((5, 2, 2), np.uint8)
    mask[:, 0, 1] = [1, 2, 3, 4, 5]
    grid = grid_at([(0, 0, 0), (-1.0, 0, 2.0)], columns=5)  # 1 mm: two columns to the patient's left
    frames, notes = on_source_slices(mask, volume_affine(2.0), grid)
    assert len(notes) == 1
    assert not plane_of(frames, 0).any()
    np.testing.assert_array_equal(plane_of(frames, 1).T, [[3, 4, 5, 0, 0], [0, 0, 0, 0, 0]])


def test_axes_in_another_order_are_followed() -> None:
    mask = np.random.default_rng(0).integers(0, 3, (3, 2, 4), dtype=np.uint8)
    grid = grid_at([(0, 0, 2.0 * k) for k in range(4)])
    turned = np.ascontiguousarray(mask[::-1].transpose(2, 0, 1))
    flip = np.array([[-1, 0, 0, 2], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    affine = (volume_affine(2.0) @ flip)[:, [2, 0, 1, 3]]
    np.testing.assert_array_equal(np.asarray(on_source_slices(turned, affine, grid)[0]), mask)


@pytest.mark.parametrize("slices", [1, 3, 5])
def test_a_mask_that_reaches_elsewhere_is_refused(slices: int) -> None:
    grid = grid_at([(0, 0, 2.0 * k) for k in range(4)])
    with pytest.raises(ValueError, match=r"from 0\.00 to 6\.00 mm, with 0 first"):
        on_source_slices(np.zeros((3, 2, slices), np.uint8), volume_affine(2.0), grid)
