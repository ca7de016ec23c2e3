"""The order of an epoch follows from seed and epoch alone."""

import pytest

from srs_monai.data.loading.epoch_sampler import EpochSampler


def order(sampler: EpochSampler, epoch: int) -> list[int]:
    sampler.set_epoch(epoch)
    return list(sampler)


def test_an_order_follows_from_seed_and_epoch_alone() -> None:
    used, fresh = EpochSampler(50, seed=3), EpochSampler(range(50), seed=3)
    orders = [order(used, epoch) for epoch in range(4)]
    assert order(fresh, 2) == orders[2] == list(fresh)
    assert len({tuple(o) for o in orders}) == 4
    assert all(sorted(o) == list(range(50)) for o in orders)


def test_seed_and_epoch_are_not_added_up() -> None:
    assert order(EpochSampler(50, seed=1), 2) != order(EpochSampler(50, seed=2), 1)


def test_without_shuffling_the_order_is_the_data_sets() -> None:
    sampler = EpochSampler(5, shuffle=False)
    assert order(sampler, 7) == [0, 1, 2, 3, 4]
    assert len(sampler) == 5


def test_nothing_gives_nothing() -> None:
    assert list(EpochSampler([], seed=1)) == []


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="got seed -1, length 4"):
        EpochSampler(4, seed=-1)
    with pytest.raises(ValueError, match="got -2"):
        EpochSampler(4).set_epoch(-2)
