"""Labels of a volume, compressed slice by slice."""

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FAST = 1  # zlib's fastest level: masks hold long runs, which higher levels hardly compress better
_NUMBERS = 256  # possible labels


class PackedLabels:
    """Labels (X, Y, Z), compressed slice by slice along the last axis. A slice without labels takes no memory.

    Args:
        shape: X, Y and Z.

    Attributes:
        counts: number of voxels of each label, (256,).
        areas: number of labelled voxels in each slice, (Z,).
    """

    ndim = 3

    def __init__(self, shape: Sequence[int]) -> None:
        self.shape = (int(shape[0]), int(shape[1]), int(shape[2]))
        self.counts = np.zeros(_NUMBERS, dtype=np.int64)
        self.areas = np.zeros(self.shape[2], dtype=np.int64)
        self._planes: list[bytes | None] = []

    def append(self, slab: NDArray[Any]) -> None:
        """Add the next slices (X, Y, n)."""
        for labels in np.ascontiguousarray(slab.astype(np.uint8, copy=False).T):
            number = len(self._planes)
            counts = np.bincount(labels.ravel(), minlength=_NUMBERS) if labels.any() else np.zeros_like(self.counts)
            counts[0] = labels.size - counts[1:].sum()
            self.counts += counts
            self.areas[number] = counts[1:].sum()
            self._planes.append(zlib.compress(labels.data, _FAST) if self.areas[number] else None)

    def plane(self, number: int) -> NDArray[np.uint8]:
        """One slice (X, Y)."""
        packed = self._planes[number]
        if packed is None:
            return np.zeros(self.shape[:2], dtype=np.uint8)
        return np.frombuffer(zlib.decompress(packed), dtype=np.uint8).reshape(self.shape[1::-1]).T

    def any(self) -> bool:
        """Whether there is any label."""
        return bool(self.areas.any())

    def max(self, initial: int = 0) -> int:
        """The highest label, or `initial` if that is higher."""
        return max(initial, int(np.flatnonzero(self.counts)[-1]))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole = np.zeros(self.shape[::-1], dtype=np.uint8).T
        for number in np.flatnonzero(self.areas):
            whole[:, :, number] = self.plane(int(number))
        return whole if dtype is None else whole.astype(dtype, copy=False)


Labels = NDArray[np.uint8] | PackedLabels


def planes_of(labels: Labels) -> Iterator[NDArray[np.uint8]]:
    """The slices (X, Y) of labels (X, Y, Z), in order."""
    return (plane_of(labels, number) for number in range(labels.shape[2]))


def plane_of(labels: Labels, number: int) -> NDArray[np.uint8]:
    """One slice (X, Y) of labels (X, Y, Z)."""
    return labels.plane(number) if isinstance(labels, PackedLabels) else labels[:, :, number]
