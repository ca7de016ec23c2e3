"""The dictionary form of an array transform: the transform applied to some keys of an item."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import TransformBackends


class DictionaryForm(MapTransform):
    """Apply an array transform to the images of an item. Subclasses build it from the arguments of its array form.

    Args:
        keys: keys of the images.
        transform: array transform, image in and image out.
        allow_missing_keys: skip keys that an item lacks.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, keys: KeysCollection, transform: Callable[[Any], Any], allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.transform = transform

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.transform(item[key])
        return item
