"""Packed labels are the labels, in little memory."""

import numpy as np
import pytest

from srs_monai.inference.results.packed_labels import PackedLabels, plane_of, planes_of


def packed(labels: np.ndarray, *ends: int) -> PackedLabels:
    """Labels packed slab by slab."""
    made = PackedLabels(labels.shape)
    for slab in np.split(labels, ends, axis=-1):
        made.append(slab)
    return made


@pytest.fixture
def labels() -> np.ndarray:
    made = np.random.default_rng(0).integers(0, 4, (5, 7, 6)).astype(np.uint8)
    made[..., [0, 3]] = 0
    return made


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.int64])
@pytest.mark.parametrize("ends", [(), (1, 4), (3,)])
def test_what_goes_in_comes_out(labels: np.ndarray, kind: type, ends: tuple[int, ...]) -> None:
    made = packed(labels.astype(kind), *ends)
    whole = np.asarray(made)
    assert whole.dtype == np.uint8
    np.testing.assert_array_equal(whole, labels)
    for number, plane in enumerate(planes_of(made)):
        np.testing.assert_array_equal(plane, labels[:, :, number])
        np.testing.assert_array_equal(plane_of(labels, number), labels[:, :, number])
    assert (made.shape, made.ndim) == (labels.shape, labels.ndim)


def test_what_is_counted(labels: np.ndarray) -> None:
    made = packed(labels, 2)
    np.testing.assert_array_equal(made.counts, np.bincount(labels.ravel(), minlength=256))
    np.testing.assert_array_equal(made.areas, (labels > 0).sum(axis=(0, 1)))
    assert (made.any(), made.max(), made.max(initial=9)) == (True, 3, 9)
    nothing = packed(labels * 0)
    assert (nothing.any(), nothing.max()) == (False, 0)
    assert nothing.counts[0] == labels.size


def test_a_block_takes_little_memory() -> None:
    block = np.zeros((256, 256, 4), np.uint8)
    block[50:200, 60:100] = 2
    made = packed(block)
    assert sum(len(plane) for plane in made._planes if plane) < block.size / 50
