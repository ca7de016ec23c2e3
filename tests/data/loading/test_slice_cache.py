"""A volume is prepared once, and its slices are what each would be by itself."""

from collections import Counter
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import CacheDataset, DataLoader
from monai.transforms import Compose, EnsureTyped, LoadImaged, MapTransform, RandFlipd

from srs_monai.data import SliceCacheDataset
from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.transforms import AsSeend, PickSliced, ToUnitRanged


class Count(MapTransform):
    """Pass items on and count them by image."""

    def __init__(self) -> None:
        super().__init__("image")
        self.seen: Counter[str] = Counter()

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        self.seen[str(data["image"])] += 1
        return dict(data)


@pytest.fixture
def items(tmp_path: Path) -> list[dict[str, Any]]:
    """The slices of two volumes and two pictures, mixed."""
    random = np.random.default_rng(0)
    volumes = []
    for name, count in (("a", 4), ("b", 3)):
        path = tmp_path / f"{name}.nii.gz"
        nib.save(nib.Nifti1Image(random.normal(size=(6, 5, count)).astype(np.float32), np.eye(4)), path)
        volumes += [{"image": str(path), "slice": number} for number in range(count)]
    for name in ("c", "d"):
        path = tmp_path / f"{name}.nii"
        nib.save(nib.Nifti1Image(random.normal(size=(6, 5, 1)).astype(np.float32), np.eye(4)), path)
        volumes.append({"image": str(path), "slice": 0})
    return [volumes[index] for index in (0, 4, 7, 2, 1, 6, 3, 8, 5)]


def transforms(*before: Any) -> Compose:
    return Compose(
        [
            *before,
            LoadImaged("image", reader=MedicalImageReader(), ensure_channel_first=True),
            AsSeend("image"),
            ToUnitRanged("image", intensity="percentile"),
            PickSliced("image"),
            EnsureTyped("image", track_meta=False),
            RandFlipd("image", prob=0.5, spatial_axis=0),
        ]
    ).set_random_state(0)


def test_every_slice_equals_the_one_prepared_by_itself(items: list[dict[str, Any]]) -> None:
    ours, monais = SliceCacheDataset(items, transforms()), CacheDataset(items, transforms(), progress=False)
    for _ in range(2):  # filled, then from the cache; the random flips are drawn anew
        for index in (5, 0, 8, 3, 1, 2, 7, 4, 6):
            torch.testing.assert_close(ours[index]["image"], monais[index]["image"], rtol=0, atol=0)


def test_a_volume_is_read_once(items: list[dict[str, Any]]) -> None:
    count = Count()
    dataset = SliceCacheDataset(items, transforms(count))
    assert not count.seen
    for _ in range(2):
        for index in range(len(items)):
            dataset[index]
    assert set(count.seen.values()) == {1}
    assert len(count.seen) == 4


def test_what_the_cache_does_not_keep_is_prepared_each_time(items: list[dict[str, Any]]) -> None:
    count = Count()
    dataset = SliceCacheDataset(items, transforms(count), cache_rate=0.5)
    whole = CacheDataset(items, transforms(), progress=False)
    for index in range(len(items)):
        torch.testing.assert_close(dataset[index]["image"], whole[index]["image"], rtol=0, atol=0)
    assert count.seen[items[-1]["image"]] > 1


def test_images_that_another_data_set_keeps_are_taken_from_there(items: list[dict[str, Any]]) -> None:
    count = Count()
    shared = transforms(count)
    source = SliceCacheDataset([item | {"label": "a mask"} for item in items if item is not items[7]], shared)
    ours = [items[7], *items[:5]]
    dataset, alone = SliceCacheDataset(ours, shared, sources=[source]), SliceCacheDataset(ours, transforms())
    for index in range(len(ours)):
        prepared, expected = dataset.prepare(index), alone.prepare(index)
        assert set(prepared) == set(expected) == {"image"}
        torch.testing.assert_close(prepared["image"], expected["image"], rtol=0, atol=0)
    for index in range(len(source)):
        source.prepare(index)
    assert set(count.seen.values()) == {1}
    assert dataset._cache[1]["image"] is source._cache[0]["image"], "one copy in memory"
    dataset.forget()
    assert all(item is None for item in dataset._cache)
    assert all(item is not None for item in source._cache)


def test_only_what_is_prepared_alike_is_shared(items: list[dict[str, Any]]) -> None:
    count = Count()
    shared = transforms(count)
    otherwise = SliceCacheDataset(items, transforms())
    half = SliceCacheDataset(items, shared, cache_rate=0.5)
    dataset = SliceCacheDataset(items, shared, sources=[otherwise, half, CacheDataset([], shared)])
    for index in range(len(items)):
        dataset.prepare(index)
    assert set(count.seen) == {item["image"] for item in items}
    assert all(item is None for item in otherwise._cache)
    for index in range(len(items)):
        taken = index < half.cache_num and half._cache[index]["image"] is dataset._cache[index]["image"]
        assert taken == (index < half.cache_num)


def test_workers_share_the_cache(items: list[dict[str, Any]]) -> None:
    dataset = SliceCacheDataset(items, transforms(), processes=True)
    list(DataLoader(dataset, batch_size=3, num_workers=1))
    assert all(item is not None for item in dataset._cache)
