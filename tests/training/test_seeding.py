"""An epoch's random numbers follow from seed and epoch alone."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from monai.data import CacheDataset, DataLoader
from monai.transforms import Compose, RandGaussianNoise

from srs_monai.data import EpochSampler
from srs_monai.training import SeedEpochs


def loader() -> Any:
    noise = Compose([RandGaussianNoise(prob=1.0)])
    dataset = CacheDataset(torch.zeros(8, 1, 4, 4), noise, progress=False)
    return DataLoader(dataset, batch_size=8, sampler=EpochSampler(dataset, seed=3))


def epoch(data: Any, number: int, seed: int = 3) -> tuple[Any, ...]:
    SeedEpochs(seed, data)(SimpleNamespace(state=SimpleNamespace(epoch=number)))  # type: ignore[arg-type]
    drawn = np.random.rand()  # noqa: NPY002 - the global generator is what is seeded
    return torch.rand(1), drawn, list(data.sampler), next(iter(data))


def test_an_epoch_is_the_same_whatever_came_before() -> None:
    data = loader()
    epoch(data, 1)
    epoch(data, 2)
    for after, alone in zip(epoch(data, 3), epoch(loader(), 3), strict=True):
        torch.testing.assert_close(after, alone, rtol=0, atol=0)


@pytest.mark.parametrize(("number", "seed"), [(2, 3), (1, 4)])
def test_another_epoch_or_seed_draws_otherwise(number: int, seed: int) -> None:
    first, second = epoch(loader(), 1), epoch(loader(), number, seed)
    assert not torch.equal(first[0], second[0])
    assert first[1] != second[1]
    assert not torch.equal(first[3], second[3])


def test_a_loader_that_shuffles_by_itself_is_refused() -> None:
    data = DataLoader(CacheDataset(torch.zeros(4, 1), progress=False), shuffle=True)
    with pytest.raises(ValueError, match=r"RandomSampler; give it sampler=srs_monai\.data\.EpochSampler"):
        SeedEpochs(0, data)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match=r"seed .* got -1"):
        SeedEpochs(-1, loader())
