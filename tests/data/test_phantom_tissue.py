"""Made-up tissue has the statistics of ultrasound."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from srs_monai.data.phantom_tissue import CONTRAST, DYNAMIC_RANGE, phantom

GREY_PER_DB = 255 / DYNAMIC_RANGE


@pytest.fixture(scope="module")
def phantoms() -> list[tuple[np.ndarray, np.ndarray]]:
    return [phantom((128, 128), np.random.default_rng(seed), lesions=1) for seed in range(12)]


def test_lesions_are_darker_than_the_tissue_around_by_their_contrast(
    phantoms: list[tuple[np.ndarray, np.ndarray]],
) -> None:
    contrasts = []
    for image, mask in phantoms:
        ring = binary_dilation(mask, iterations=8) & ~binary_dilation(mask, iterations=3)
        contrasts.append((image[binary_erosion(mask, iterations=3)].mean() - image[ring].mean()) / GREY_PER_DB)
    assert CONTRAST[0] - 1 < np.mean(contrasts) < CONTRAST[1] + 1
    assert max(contrasts) < 0


def test_speckle_is_fully_developed(phantoms: list[tuple[np.ndarray, np.ndarray]]) -> None:
    spreads = [image[binary_erosion(mask, iterations=3)].std() / GREY_PER_DB for image, mask in phantoms]
    assert np.mean(spreads) == pytest.approx(5.57, abs=0.8)  # dB: that of any log-compressed Rayleigh variable


def test_speckle_is_wider_than_deep(phantoms: list[tuple[np.ndarray, np.ndarray]]) -> None:
    lesions = [image[mask.any(1)][:, mask.any(0)].astype(float) for image, mask in phantoms]
    across = np.mean([np.corrcoef(a[:, 1:].ravel(), a[:, :-1].ravel())[0, 1] for a in lesions])
    down = np.mean([np.corrcoef(a[1:].ravel(), a[:-1].ravel())[0, 1] for a in lesions])
    assert 0.2 < down < across < 0.95


def test_deep_tissue_is_darker(phantoms: list[tuple[np.ndarray, np.ndarray]]) -> None:
    mean = np.mean([image for image, _ in phantoms], axis=0)
    assert mean[:5].mean() > mean[40:60].mean() > mean[-12:].mean()


def test_two_lesions_lie_apart_and_borders_are_irregular() -> None:
    _, mask = phantom((128, 128), np.random.default_rng(3), lesions=2)
    columns = np.flatnonzero(mask.any(axis=0))
    assert (np.diff(columns) > 1).sum() == 1
    other = phantom((128, 128), np.random.default_rng(4), lesions=2)[1]
    assert 0.02 < mask.mean() < 0.2
    assert (mask != other).any()


def test_a_volume_is_made_of_such_slices() -> None:
    image, mask = phantom((64, 80, 12), np.random.default_rng(0), lesions=1)
    assert image.shape == mask.shape == (64, 80, 12)
    sizes = mask.sum(axis=(0, 1))
    assert sizes[0] == sizes[-1] == 0
    assert sizes.argmax() in range(4, 8)
    assert image[..., 0].std() == pytest.approx(image[..., 6].std(), rel=0.3)
