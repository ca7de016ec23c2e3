"""Overlays show labels at the picture's own size, and montages show slices of a volume."""

import numpy as np
import pytest

from srs_monai.inference.writers.overlay import overlay_montage, overlay_picture

FIRST, SECOND = (230, 159, 0), (86, 180, 233)


def test_an_overlay_is_a_contour_round_a_translucent_fill() -> None:
    image = np.full((1, 20, 30), 0.5, np.float32)
    labels = np.zeros((20, 30), int)
    labels[2:9, 3:12] = 1
    labels[11:18, 15:25] = 2
    shown = overlay_picture(image, labels)
    assert shown.shape == (20, 30, 3)
    assert tuple(shown[0, 0]) == (128, 128, 128)  # 0.5 of 255, rounded to even
    assert tuple(shown[2, 3]) == FIRST
    assert tuple(shown[11, 15]) == SECOND
    np.testing.assert_allclose(shown[5, 6], 0.75 * 127.5 + 0.25 * np.array(FIRST), atol=1)


def test_colours_are_kept_and_other_ranges_stretched() -> None:
    image = np.random.default_rng(0).random((3, 8, 8)).astype(np.float32)
    nothing = np.zeros((8, 8), int)
    np.testing.assert_array_equal(overlay_picture(image, nothing), np.round(image.transpose(1, 2, 0) * 255))
    stretched = overlay_picture(image * 4 - 2, nothing)
    assert (stretched.min(), stretched.max()) == (0, 255)
    assert (overlay_picture(np.full((1, 2, 2), 7.0, np.float32), nothing[:2, :2]) == 0).all()


HEAD = 26  # the line above the tiles: 1.6 letters, of which one is a 16th of 256 pixels


def test_a_montage_shows_slices_with_segmentation_and_says_how_many() -> None:
    volume = np.zeros((1, 256, 300, 30), np.float32)
    labels = np.zeros((256, 300, 30), int)
    labels[130:160, 50:80, 10:14] = 1
    montage = overlay_montage(volume, labels)
    assert montage.shape == (HEAD + 512, 600, 3)  # four slices
    for top, left in ((0, 0), (0, 300), (256, 0), (256, 300)):
        assert tuple(montage[HEAD + top + 130, left + 50]) == FIRST
        number = montage[HEAD + top : HEAD + top + 30, left : left + 100]
        assert 10 <= np.ptp(np.nonzero(number.max(axis=(1, 2)) == 255)[0]) <= 18  # pixels high
    assert montage[:HEAD].max() == 255


@pytest.mark.parametrize("sides", [("", ""), ("R", "L")])
def test_sides_are_marked_at_the_middle_of_the_edges(sides: tuple[str, str]) -> None:
    montage = overlay_montage(np.zeros((1, 256, 256, 1), np.float32), np.zeros((256, 256, 1), int), sides)
    middle = montage[HEAD + 112 : HEAD + 144]
    for edge in (middle[:, :32], middle[:, -32:]):
        assert (edge.max() == 255) == bool(sides[0])
    assert middle[:, 32:-32].max() == 0


@pytest.mark.parametrize(("slices", "across", "down"), [(1, 1, 1), (2, 2, 1), (5, 3, 2), (30, 3, 3)])
def test_a_montage_of_nothing_shows_the_whole_volume_and_small_slices_enlarged(
    slices: int, across: int, down: int
) -> None:
    montage = overlay_montage(np.full((3, 20, 50, slices), 0.5, np.float32), np.zeros((20, 50, slices), int))
    assert montage.shape[1:] == (across * 50 * 13, 3)  # 13 x 20 is the first above 256
    assert (montage.shape[0] - HEAD) // (20 * 13) == down
    assert (montage[HEAD + 100 : HEAD + 120, 100:140] == 128).all()


def test_contours_are_drawn_on_enlarged_slices() -> None:
    labels = np.zeros((32, 32, 1), int)
    labels[10:20, 10:20] = 1
    montage = overlay_montage(np.zeros((1, 32, 32, 1), np.float32), labels)[HEAD:]
    assert tuple(montage[80, 80]) == FIRST
    assert tuple(montage[81, 81]) != FIRST  # a pixel wide, where one of the slice is eight
