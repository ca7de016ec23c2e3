"""Masks without specks."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type
from skimage.measure import label


class RemoveSmallComponentsd(MapTransform):
    """Turn components that are too small into background; of several classes, each is looked at by itself.

    MONAI's RemoveSmallObjects takes all that has one label for one object, wherever it lies.

    Args:
        keys: of label maps, (1, H, W) or (1, H, W, D), 0 is background. Diagonal neighbours belong together.
        minimum_size: pixels or voxels that a component must have to stay, at least 0.
        allow_missing_keys: pass over keys that an item lacks.

    Raises:
        ValueError: for a negative minimum_size.
    """

    def __init__(self, keys: KeysCollection, minimum_size: int, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        if minimum_size < 0:
            raise ValueError(f"minimum_size is a number of pixels or voxels, 0 or more; got {minimum_size}")
        self.minimum_size = minimum_size

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            labels = item[key]
            values = labels.detach().cpu().numpy()[0]
            components = label(values.astype(np.int64), background=0)
            small = np.bincount(components.ravel()) < self.minimum_size
            small[0] = False
            kept = np.where(small[components], 0, values)[None]
            item[key] = convert_to_dst_type(kept, dst=labels, dtype=labels.dtype)[0]
        return item
