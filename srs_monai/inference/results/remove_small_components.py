"""Masks without small components."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_dst_type
from skimage.measure import label


class RemoveSmallComponentsd(MapTransform):
    """Turn components that are too small into background, for each label separately.

    MONAI's RemoveSmallObjects is different: all voxels of one label count as one object.

    Args:
        keys: keys of label maps, (1, H, W) or (1, H, W, D), 0 is background. Diagonal neighbours are connected.
        minimum_size: components with fewer pixels or voxels are removed; at least 0.
        allow_missing_keys: skip keys that an item lacks.

    Raises:
        ValueError: for a negative minimum_size.
    """

    def __init__(self, keys: KeysCollection, minimum_size: int, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        if minimum_size < 0:
            raise ValueError(f"minimum_size must be 0 or more pixels or voxels; got {minimum_size}")
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
