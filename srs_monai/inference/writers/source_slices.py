"""Masks on the slices that a DICOM volume was read from."""

import numpy as np
from numpy.typing import NDArray

from srs_monai.data.readers import SourceGrid
from srs_monai.inference.results.packed_labels import Labels, PackedLabels

_NEAREST = 0.501  # of a voxel: up to this distance a slice is the nearest one; ties go to the slice that was read


def on_source_slices(values: Labels, affine: NDArray[np.float64], grid: SourceGrid) -> tuple[Labels, list[str]]:
    """The mask (columns, rows, slices) on the slices of its source, and a sentence if it was resampled.

    If the reader did not resample the image, the mask stays as it is. Otherwise each pixel of a slice gets the value of
    the voxel in which it lies, or background outside the mask.

    Args:
        values: the mask, (X, Y, Z).
        affine: indices of the mask to RAS in mm.
        grid: grid of the source, see `dicom_slices`.

    Raises:
        ValueError: when the mask and the source's slices do not cover the same extent.
    """
    _check_extent(values, affine, grid)
    to_mask = np.linalg.inv(affine)
    to_index = [(to_mask @ slice_affine)[:3, [0, 1, 3]] for slice_affine in grid.affines]  # of (column, row, 1)
    shape = (grid.columns, grid.rows, len(grid.affines))
    fits = values.shape[:2] == shape[:2]
    own = [fits and _is_slice(index, number, grid) for number, index in enumerate(to_index)]
    if all(own) and values.shape == shape:
        return values, []
    frames, whole = PackedLabels(shape), np.asarray(values)
    for number, index in enumerate(to_index):
        frames.append((whole[:, :, number] if own[number] else _sampled(whole, index, grid).T)[:, :, None])
    resampled = "the mask was resampled onto the source's slices by the nearest voxel"
    return frames, [] if all(own) else [resampled]


def _check_extent(values: Labels, affine: NDArray[np.float64], grid: SourceGrid) -> None:
    normal = grid.affines[0][:3, 2]
    slices = [float(slice_affine[:3, 3] @ normal) for slice_affine in grid.affines]
    ends = np.array(np.meshgrid(*([0, length - 1] for length in values.shape))).reshape(3, -1)
    planes = normal @ (affine[:3, :3] @ ends + affine[:3, 3:])
    voxel = float(np.abs(normal @ affine[:3, :3]).max())
    apart = max(abs(planes.min() - min(slices)), abs(planes.max() - max(slices)))
    if apart > voxel / 2:
        raise ValueError(
            f"a mask must cover the slices of its source, but it extends from {planes.min():.2f} to {planes.max():.2f} "
            f"mm along their normal, and they from {min(slices):.2f} to {max(slices):.2f} mm, with {grid.paths[0]} "
            f"first; name the source as one folder, series or file"
        )


def _is_slice(to_index: NDArray[np.float64], number: int, grid: SourceGrid) -> bool:
    """Whether the voxels nearest to a source slice are those of the mask's slice of the same number, row for row."""
    corners = np.array([[c, r, 1.0] for c in (0, grid.columns - 1) for r in (0, grid.rows - 1)]).T
    expected = np.array([corners[0], corners[1], np.full(4, number)])
    return bool(np.abs(to_index @ corners - expected).max() < _NEAREST)


def _sampled(values: NDArray[np.uint8], to_index: NDArray[np.float64], grid: SourceGrid) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[: grid.rows, : grid.columns]
    index = np.tensordot(to_index[:, :2], np.stack([columns, rows]), axes=1) + to_index[:, 2, None, None]
    nearest = np.floor(index + 0.5).astype(np.int64)
    last = np.array(values.shape)[:, None, None] - 1
    inside = ((nearest >= 0) & (nearest <= last)).all(axis=0)
    found = values[tuple(nearest.clip(0, last))]
    return np.where(inside, found, np.uint8(0))
