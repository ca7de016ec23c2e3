"""A cache of preprocessed images: a volume is preprocessed once for all its slices, and datasets can share images."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
        sources: datasets with the same images. An image that one of them caches is taken from there; if it is not
            preprocessed yet, it is preprocessed there. An item here may have fewer keys, such as no label. Only
            datasets of this class with the same `transform` object are used.
    """

    def __init__(
        self,
        data: Sequence[dict[str, Any]],
        transform: Compose,
        cache_rate: float = 1.0,
        processes: bool = False,
        sources: Sequence[Any] = (),
    ) -> None:
        ours = [source for source in sources if isinstance(source, SliceCacheDataset)]
        self.sources = [source for source in ours if source.transform is transform]
        cache = "processes" if processes else "threads"
        super().__init__(data, transform, cache_rate=cache_rate, progress=False, runtime_cache=cache)

    def set_data(self, data: Sequence[dict[str, Any]]) -> None:
        """Replace the items and clear the cache."""
        super().set_data(data)
        kept = {
            _image_of(item): (source, index)
            for source in self.sources
            for index, item in enumerate(source.data[: source.cache_num])
        }
        self._slices: dict[str, list[int]] = defaultdict(list)
        self._elsewhere: dict[int, tuple[SliceCacheDataset, int]] = {}
        for index, item in enumerate(data[: self.cache_num]):
            if _image_of(item) in kept:
                self._elsewhere[index] = kept[_image_of(item)]
            elif "slice" in item:
                self._slices[item["image"]].append(index)

    def prepare(self, index: int) -> Any:
        """Preprocess an item, up to the first random transform if the cache keeps it; a cached item is done once."""
        if index >= self.cache_num:
            return self[index]
        if self._cache[index] is None:
            self._cache[index] = self._load_cache_item(index)
        return self._cache[index]

    def forget(self) -> None:
        """Clear the cache; an item that is requested again is preprocessed again."""
        for index in range(len(self._cache)):
            self._cache[index] = None

    def _load_cache_item(self, idx: int) -> Any:
        if idx in self._elsewhere:
            source, index = self._elsewhere[idx]
            more = set(source.data[index]) - set(self.data[idx])
            return {key: value for key, value in source.prepare(index).items() if key not in more}
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


def _image_of(item: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The values of an item that identify its image: all but those of its label."""
    return tuple(sorted((key, str(value)) for key, value in item.items() if not key.startswith("label")))


def _is_random(transform: Any) -> bool:
    """Whether the cached part of the transforms ends before this one, by MONAI's rule."""
    return isinstance(transform, RandomizableTrait) or not isinstance(transform, Transform)
