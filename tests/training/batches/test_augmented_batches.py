"""Batches are transformed at random where they lie, each image with its label, and repeatably."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from monai.data import CacheDataset, DataLoader
from monai.transforms import Compose, RandFlipd, RandRotate90d, RandSpatialCropSamplesd

from srs_monai.data import EpochSampler
from srs_monai.training import AugmentedBatches, SeedEpochs

BOTH = ["image", "label"]


def turns() -> list[Any]:
    turn = RandRotate90d(BOTH, prob=0.5, max_k=3, allow_missing_keys=True)
    return [turn, *(RandFlipd(BOTH, prob=0.5, spatial_axis=axis, allow_missing_keys=True) for axis in (0, 1))]


def items(count: int = 7, keys: list[str] = BOTH) -> list[dict[str, Any]]:
    images = torch.arange(count * 16.0).reshape(count, 1, 4, 4)
    return [{key: image.clone() for key in keys} | {"slice": number} for number, image in enumerate(images)]


def loader(transform: Compose, data: list[dict[str, Any]]) -> Any:
    dataset = CacheDataset(data, transform, progress=False)
    return DataLoader(dataset, batch_size=3, sampler=EpochSampler(dataset, seed=5))


def epoch(batches: Any, data: Any, transform: Any, number: int) -> list[dict[str, torch.Tensor]]:
    SeedEpochs(5, data, transform)(SimpleNamespace(state=SimpleNamespace(epoch=number)))  # type: ignore[arg-type]
    return list(batches)


def test_what_is_drawn_is_what_the_data_set_would_draw() -> None:
    inside = loader(Compose(turns()), items())
    outside, transform = loader(Compose([]), items()), Compose(turns())
    batches = AugmentedBatches(outside, transform, "cpu")
    for number in (1, 2, 1):
        expected = epoch(inside, inside, None, number)
        got = epoch(batches, outside, transform, number)
        assert len(got) == len(batches) == 3
        for one, other in zip(got, expected, strict=True):
            for key in BOTH:
                torch.testing.assert_close(one[key], other[key].as_tensor(), rtol=0, atol=0)


def test_image_and_label_are_moved_together_and_most_images_are() -> None:
    data, transform = loader(Compose([]), items(30)), Compose(turns())
    batches = epoch(AugmentedBatches(data, transform, "cpu"), data, transform, 1)
    images = torch.cat([batch["image"] for batch in batches])
    assert all(torch.equal(batch["image"], batch["label"]) for batch in batches)
    moved = [not torch.equal(image, image.sort(dim=1).values.sort(dim=2).values) for image in images]
    assert 15 < np.sum(moved) < 30
    assert sorted(int(image.min()) // 16 for image in images) == list(range(30))


def test_results_are_plain_tensors_of_image_and_label_alone() -> None:
    data, transform = loader(Compose([]), items()), Compose(turns())
    for batch in AugmentedBatches(data, transform, "cpu"):
        assert {key: type(value) for key, value in batch.items()} == dict.fromkeys(BOTH, torch.Tensor)


def test_images_without_labels_are_augmented_too() -> None:
    data, transform = loader(Compose([]), items(keys=["image"])), Compose(turns())
    assert [set(batch) for batch in AugmentedBatches(data, transform, "cpu")] == [{"image"}] * 3


def test_without_transforms_batches_stay_as_they_are() -> None:
    data = loader(Compose([]), items())
    for one, other in zip(AugmentedBatches(data, Compose([]), "cpu"), data, strict=True):
        assert torch.equal(one["image"], other["image"])


def test_a_transform_may_give_several_crops_of_an_image() -> None:
    data = loader(Compose([]), items(3))
    crops = Compose([RandSpatialCropSamplesd(BOTH, roi_size=(2, 2), num_samples=2, random_size=False)])
    (batch,) = AugmentedBatches(data, crops, "cpu")
    assert batch["image"].shape == (6, 1, 2, 2)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_draws_what_the_cpu_draws() -> None:
    results = []
    for device in ("cpu", "cuda"):
        data, transform = loader(Compose([]), items()), Compose(turns())
        results.append(epoch(AugmentedBatches(data, transform, device), data, transform, 1))
    for one, other in zip(*results, strict=True):
        assert other["image"].device.type == "cuda"
        assert torch.equal(one["image"], other["image"].cpu())
