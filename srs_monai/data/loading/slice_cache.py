"""A cache of preprocessed images that preprocesses a volume once for all its slices."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from monai.data import CacheDataset
from monai.transforms import Compose, RandomizableTrait, Transform, convert_to_contiguous

from srs_monai.data.transforms.pick_slice import PickSliced


class SliceCacheDataset(CacheDataset):
    """MONAI's `CacheDataset`, filled at first use, for items that may be slices of volumes.

    MONAI would read, orient and scale a whole volume for each of its slices. Here the first requested slice fills the
    cache with all slices of its volume. Pictures are cached one by one.

    Args:
        data: items from `load_datalist`; those with "slice" are slices of the volume "image".
        transform: preprocessing of an item, with a `PickSliced` that takes the slice before any random transform.
        cache_rate: share of the items to cache; a slice beyond it costs its whole volume each time.
        processes: True if worker processes of a data loader request the items; they then share the cache.
    """

    def __init__(
        self, data: Sequence[dict[str, Any]], transform: Compose, cache_rate: float = 1.0, processes: bool = False
    ) -> None:
        cache = "processes" if processes else "threads"
        super().__init__(data, transform, cache_rate=cache_rate, progress=False, runtime_cache=cache)

    def set_data(self, data: Sequence[dict[str, Any]]) -> None:
        """Replace the items and clear the cache."""
        super().set_data(data)
        self._slices: dict[str, list[int]] = defaultdict(list)
        for index, item in enumerate(data[: self.cache_num]):
            if "slice" in item:
                self._slices[item["image"]].append(index)

    def _load_cache_item(self, idx: int) -> Any:
        pick = self.transform.get_index_of_first(lambda transform: isinstance(transform, PickSliced))
        if "slice" not in self.data[idx] or pick is None:
            return super()._load_cache_item(idx)
        volume = self.transform(self.data[idx], end=pick)
        first_random = self.transform.get_index_of_first(_is_random)
        for index in self._slices[self.data[idx]["image"]]:
            if index == idx or self._cache[index] is None:
                slice_of_it = volume | {"slice": self.data[index]["slice"]}
                self._cache[index] = convert_to_contiguous(self.transform(slice_of_it, start=pick, end=first_random))
        return self._cache[idx]


def _is_random(transform: Any) -> bool:
    """Whether the cached part of the transforms ends before this one, by MONAI's rule."""
    return isinstance(transform, RandomizableTrait) or not isinstance(transform, Transform)
