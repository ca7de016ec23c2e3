"""Volumes that are read some slices at a time."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from monai.config import PathLike
from numpy.typing import NDArray

from srs_monai.data.readers.deferred import DeferredReader


class OpenVolume(ABC):
    """A volume whose header is read; its slices are those of its last axis.

    Args:
        shape: of the whole.
        affine: indices of the whole to RAS in mm.
        meta: of the whole, as a reader's get_data gives it.
        by_slices: whether slices can be had one by one; else only the whole.
    """

    def __init__(
        self, shape: tuple[int, int, int], affine: NDArray[np.float64], meta: dict[str, Any], by_slices: bool = True
    ) -> None:
        self.shape, self.affine, self.meta, self.by_slices = shape, affine, meta, by_slices

    @abstractmethod
    def whole(self) -> NDArray[np.float32]:
        """All slices, (X, Y, Z)."""

    @abstractmethod
    def values(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """The slices of these numbers, ascending, (X, Y, n); cheap where they follow each other."""

    def slices(self, numbers: Sequence[int]) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Slices and their meta data: an image of its own, which lies where the first of them does."""
        values = self.values(numbers)
        affine = self.affine.copy()
        affine[:3, 3] += affine[:3, 2] * numbers[0]
        place = {"affine": affine, "original_affine": affine.copy(), "spatial_shape": np.asarray(values.shape)}
        return values, self.meta | place


class OpenVolumeReader(DeferredReader):
    """Gives an open volume, or slices of it as an image of its own, whatever it is asked for.

    Args:
        volume: that is read.
        numbers: of the slices, ascending; None: the whole.
    """

    def __init__(self, volume: OpenVolume, numbers: Sequence[int] | None = None) -> None:
        super().__init__()
        self.volume, self.numbers = volume, numbers

    def get_data(self, img: Sequence[PathLike] | PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """The values and their meta data."""
        if self.numbers is None:
            return self.volume.whole(), self.volume.meta
        return self.volume.slices(self.numbers)
