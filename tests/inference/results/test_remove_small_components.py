"""Specks go, of each label by itself."""

import pytest
import torch
from monai.data import MetaTensor

from srs_monai.inference import RemoveSmallComponentsd


def removed(labels: list[list[int]], minimum_size: int) -> list[list[int]]:
    mask = MetaTensor(torch.tensor([labels], dtype=torch.float32))
    result = RemoveSmallComponentsd("pred", minimum_size)({"pred": mask})["pred"]
    assert isinstance(result, MetaTensor)
    assert result.dtype == mask.dtype
    return result[0].int().tolist()


def test_components_below_the_size_go() -> None:
    mask = [[1, 1, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1]]
    assert removed(mask, 0) == removed(mask, 1) == mask
    assert removed(mask, 2) == [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert removed(mask, 3) == removed(mask, 2)
    assert removed(mask, 4) == [[0] * 4] * 3


def test_each_label_has_components_of_its_own() -> None:
    mask = [[1, 1, 2], [1, 1, 0], [0, 0, 2]]
    assert removed(mask, 2) == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_diagonal_neighbours_belong_together_and_nothing_stays_nothing() -> None:
    assert removed([[1, 0], [0, 1]], 2) == [[1, 0], [0, 1]]
    assert removed([[0, 0]], 5) == [[0, 0]]


def test_volumes_are_looked_at_whole() -> None:
    mask = torch.zeros(1, 4, 4, 4, dtype=torch.uint8)
    mask[0, 1, 1, :] = 1
    mask[0, 3, 3, 3] = 1
    result = RemoveSmallComponentsd("pred", 3)({"pred": mask})["pred"]
    assert result.sum() == 4


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"minimum_size .*got -1"):
        RemoveSmallComponentsd("pred", -1)
