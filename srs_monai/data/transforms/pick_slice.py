"""One slice of a volume."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform
from torch import Tensor

from srs_monai.data.transforms.provenance import source_of


class PickSliced(MapTransform):
    """Take the slice that an item names from its volumes; items without a slice number stay unchanged.

    The number moves from the item to the meta data, so that slices and pictures can share a batch. The affine follows:
    it still gives the world position of rows and columns.

    Args:
        keys: keys of the volumes (C, H, W, D), which become (C, H, W).
        slice_key: key of the item's slice number, counted from 0 along the last axis.
        allow_missing_keys: skip keys that an item lacks.

    Raises:
        ValueError: on calling, when the item is not a volume or lacks the slice.
    """

    def __init__(self, keys: KeysCollection, slice_key: str = "slice", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.slice_key = slice_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        number = item.pop(self.slice_key, None)
        if number is None:
            return item
        for key in self.key_iterator(item):
            item[key] = self._picked(item[key], int(number))
        return item

    def _picked(self, volume: Tensor, number: int) -> Tensor:
        if volume.ndim != 4 or not 0 <= number < volume.shape[-1]:
            raise ValueError(
                f"slice {number} needs a volume (C, H, W, D) with D above {number}, but {source_of(volume)} has shape "
                f"{tuple(volume.shape)}; correct the item's {self.slice_key!r}"
            )
        picture = volume[..., number].clone()  # a view would keep the whole volume in memory
        if isinstance(picture, MetaTensor):
            picture.meta = dict(picture.meta) | {"spatial_shape": np.asarray(picture.shape[1:]), self.slice_key: number}
            affine = picture.affine.clone()
            affine[:3, 3] += number * affine[:3, 2]
            picture.affine = affine
        return picture
