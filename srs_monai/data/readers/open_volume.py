"""Open volumes: their slices are read a few at a time."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from monai.config import PathLike
from numpy.typing import NDArray

from srs_monai.data.readers.deferred import DeferredReader


class OpenVolume(ABC):
    """A volume whose header is read; its slices lie along its last axis.

    Args:
        shape: shape of the whole volume.
        affine: indices of the whole volume to RAS in mm.
        meta: meta data of the whole volume, in the form of a reader's get_data.
        by_slices: whether single slices can be read, or only the whole volume.
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
        """The slices of these ascending numbers, (X, Y, n); consecutive slices are cheap."""

    def slices(self, numbers: Sequence[int]) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Slices and their meta data, as an image that starts at the position of the first slice."""
        values = self.values(numbers)
        affine = self.affine.copy()
        affine[:3, 3] += affine[:3, 2] * numbers[0]
        place = {"affine": affine, "original_affine": affine.copy(), "spatial_shape": np.asarray(values.shape)}
        return values, self.meta | place


class OpenVolumeReader(DeferredReader):
    """Read an open volume, or some of its slices as an image, for any file name.

    Args:
        volume: the open volume.
        numbers: ascending numbers of the slices; None: the whole volume.
    """

    def __init__(self, volume: OpenVolume, numbers: Sequence[int] | None = None) -> None:
        super().__init__()
        self.volume, self.numbers = volume, numbers

    def get_data(self, img: Sequence[PathLike] | PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """The values and their meta data."""
        if self.numbers is None:
            return self.volume.whole(), self.volume.meta
        return self.volume.slices(self.numbers)
