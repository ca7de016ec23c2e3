"""The slices of a stack as one array, resampled if they do not lie on its grid."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from srs_monai.dicom.grid.stack import Stack, first_pixel
from srs_monai.dicom.pixels.decode import CT_PADDING_HU, each_slice

_SLICES_AT_ONCE = 16  # copied into the volume together, because slices are neighbours in memory
_ON_A_SLICE = 1e-6  # slices


def read_volume(stack: Stack) -> NDArray[np.float32]:
    """The volume (columns, rows, slices) of a stack, read slice by slice.

    Each slice is shifted in its own plane, then neighbours are mixed along the normal, both linearly. Voxels outside
    all slices become -1024 HU in CT, and the smallest value in other modalities.
    """
    columns, rows, count = stack.shape
    volume = np.empty((columns, rows, count), dtype=np.float32)
    frames = _on_grid(stack)
    for start in range(0, count, _SLICES_AT_ONCE):
        block = np.stack([next(frames) for _ in range(start, min(start + _SLICES_AT_ONCE, count))])
        volume[:, :, start : start + len(block)] = block.transpose(2, 1, 0)
    _fill_unmeasured(volume, stack.slices[0].modality)
    return volume


def read_ct_slices(stack: Stack, numbers: Sequence[int]) -> NDArray[np.float32]:
    """Some slices of a CT volume, (columns, rows, n), equal to those of `read_volume`. Only needed slices are read.

    Args:
        stack: stack of CT, in which voxels outside all slices do not depend on the other slices: they are -1024 HU.
        numbers: ascending numbers of the slices.
    """
    block = np.empty((len(numbers), stack.shape[1], stack.shape[0]), dtype=np.float32)
    frames: Iterator[NDArray[np.float32]] = iter(())
    following = -1
    for i, number in enumerate(numbers):
        frames = frames if number == following else _on_grid(stack, number)
        block[i], following = next(frames), number + 1
    volume = block.transpose(2, 1, 0)
    _fill_unmeasured(volume, "CT")
    return volume


def _on_grid(stack: Stack, first: int = 0) -> Iterator[NDArray[np.float32]]:
    """The slices (rows, columns) of the grid, in order, from number `first`."""
    passed = int(np.searchsorted(stack.places, first + _ON_A_SLICE, side="right")) - 1  # slices that lie before `after`
    shifted = (
        _shifted(values, shift, (stack.shape[1], stack.shape[0]))
        for values, shift in zip(
            each_slice(stack.slices[passed:], keep_first=passed == 0), stack.shifts[passed:], strict=True
        )
    )
    before = after = next(shifted)
    for place in range(first, stack.shape[2]):
        while stack.places[passed] < place - _ON_A_SLICE:
            before, after = after, next(shifted)
            passed += 1
        if abs(stack.places[passed] - place) <= _ON_A_SLICE:
            yield after
        else:
            low, high = stack.places[passed - 1], stack.places[passed]
            yield _mixed(before, after, (place - low) / (high - low))


def _mixed(before: NDArray[np.float32], after: NDArray[np.float32], weight: float) -> NDArray[np.float32]:
    """The weighted mean of two slices by the weight of the later one; if one has no value, the nearer slice is used."""
    mixed = before + np.float32(weight) * (after - before)
    lacking = np.isnan(mixed)
    mixed[lacking] = (before if weight < 0.5 else after)[lacking]
    return mixed


def _shifted(values: NDArray[np.float32], shift: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float32]:
    """A slice with its first pixel at the column and row of `shift`, and NaN outside its pixels."""
    if not shift.any() and values.shape == shape:
        return values
    wide = np.full(shape, np.nan, dtype=np.float32)
    (column, moved), row = _moved(values, float(shift[0])), float(shift[1])
    row_start, moved = _moved(moved.T, row)
    wide[row_start : row_start + values.shape[0], column : column + values.shape[1]] = moved.T
    return wide


def _moved(values: NDArray[np.float32], shift: float) -> tuple[int, NDArray[np.float32]]:
    """The first place of the result, and the moved columns, linear between pixels.

    A pixel extends half its width beyond its centre; the outermost pixels keep their values up to there.
    """
    below = int(np.floor(shift))
    part = np.float32(shift - below)
    if part == 0:
        return below, values
    padded = np.pad(values, ((0, 0), (1, 1)), mode="edge")
    mixed = padded[:, :-1] * part + padded[:, 1:] * (1 - part)
    start = int(first_pixel(shift))
    return start, mixed[:, start - below :][:, : values.shape[1]]


def _fill_unmeasured(volume: NDArray[np.float32], modality: str) -> None:
    """Replace NaN by a value, in place."""
    if not np.isnan(volume.min()):
        return
    smallest = float(np.fmin.reduce(volume, axis=None))
    fill = CT_PADDING_HU if modality == "CT" else 0.0 if np.isnan(smallest) else smallest
    for sheet in volume:
        sheet[np.isnan(sheet)] = fill
