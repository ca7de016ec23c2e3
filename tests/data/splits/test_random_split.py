"""Splits follow from names or groups, the fraction and the seed."""

import pytest

from srs_monai.data.splits.random_split import grouped_split, seeded_split


def test_a_split_follows_from_names_fraction_and_seed() -> None:
    names = [f"case {i}" for i in range(10)]
    training, validation = seeded_split(names, 0.3, seed=1)
    assert (len(training), len(validation)) == (7, 3)
    assert sorted(training + validation) == names
    assert seeded_split(names[::-1], 0.3, seed=1) == (training, validation)
    assert seeded_split(names, 0.3, seed=2) != (training, validation)


@pytest.mark.parametrize(("count", "fraction"), [(1, 0.5), (3, 0.1), (3, 0.9), (0, 0.3)])
def test_both_sides_of_a_split_need_an_image(count: int, fraction: float) -> None:
    with pytest.raises(ValueError, match=f"val_fraction {fraction} of {count} images gives"):
        seeded_split([str(i) for i in range(count)], fraction, 0)


@pytest.mark.parametrize("fraction", [0.0, 1.0, 30.0])
def test_a_fraction_lies_between_0_and_1(fraction: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        seeded_split(["a", "b"], fraction, 0)


GROUPS = [["a1", "a2", "a3"], ["b1"], ["c1", "c2"], ["d1"], ["e1"], ["f1", "f2"]]


@pytest.mark.parametrize("seed", range(20))
def test_groups_are_never_divided(seed: int) -> None:
    training, validation = grouped_split(GROUPS, 0.3, seed)
    assert sorted(training + validation) == sorted(name for group in GROUPS for name in group)
    assert len(validation) == 3
    assert all(set(group) <= set(training) or set(group) <= set(validation) for group in GROUPS)


def test_a_grouped_split_depends_on_the_seed_alone() -> None:
    backward = [group[::-1] for group in GROUPS[::-1]]
    assert grouped_split(backward, 0.3, 5) == grouped_split(GROUPS, 0.3, 5)
    assert len({tuple(grouped_split(GROUPS, 0.3, seed)[1]) for seed in range(20)}) > 3


def test_large_groups_come_as_near_as_they_can() -> None:
    assert grouped_split([["a1", "a2", "a3", "a4"], ["b1", "b2", "b3"]], 0.3, 0)[1] == ["b1", "b2", "b3"]


@pytest.mark.parametrize("groups", [[], [["a", "b", "c"]]])
def test_too_few_groups_are_refused(groups: list[list[str]]) -> None:
    with pytest.raises(ValueError, match=f"the number of groups is {len(groups)} "):
        grouped_split(groups, 0.3, 0)


def test_a_grouped_share_is_a_share() -> None:
    with pytest.raises(ValueError, match=r"val_fraction .* got 1\.5"):
        grouped_split(GROUPS, 1.5, 0)
