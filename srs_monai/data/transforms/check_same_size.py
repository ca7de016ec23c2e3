"""Images and masks of one size."""

from collections.abc import Hashable, Mapping
from typing import Any

from monai.transforms import MapTransform

from srs_monai.data.transforms.provenance import source_of
from srs_monai.text import by


class CheckSameSized(MapTransform):
    """Reject an item whose images and masks differ in size; channels may differ.

    Args:
        keys: keys of the images and masks, (C, H, W) or (C, H, W, D).
        allow_missing_keys: skip keys that an item lacks.

    Raises:
        ValueError: on calling, with both files and sizes.
    """

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        first, *others = [item[key] for key in self.key_iterator(item)]
        for other in others:
            if other.shape[1:] != first.shape[1:]:
                raise ValueError(
                    f"images and masks must have the same size, but {source_of(first)} has {by(first.shape[1:])} "
                    f"pixels and {source_of(other)} {by(other.shape[1:])}; correct or remove this pair"
                )
        return item
