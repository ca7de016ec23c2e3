"""Masks hold labels, overlays show them, both at the picture's own size."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srs_monai.inference.writers.overlay import overlay_montage, overlay_picture
from srs_monai.inference.writers.png import write_mask_png, write_png, write_probability_png

FIRST, SECOND = (230, 159, 0), (86, 180, 233)


@pytest.mark.parametrize(("binary", "expected"), [(True, [0, 255, 255]), (False, [0, 1, 2])])
def test_masks_are_bright_or_hold_label_values(tmp_path: Path, binary: bool, expected: list[int]) -> None:
    write_mask_png(tmp_path / "m.png", np.array([[0, 1, 2]], np.uint8), binary)
    with Image.open(tmp_path / "m.png") as picture:
        assert picture.mode == "L"
        assert np.asarray(picture).ravel().tolist() == expected


def test_probabilities_have_16_bits(tmp_path: Path) -> None:
    write_probability_png(tmp_path / "p.png", np.array([[0, 0.5, 1, 1.0001]], np.float32))
    with Image.open(tmp_path / "p.png") as picture:
        assert np.asarray(picture).ravel().tolist() == [0, 32768, 65535, 65535]


def test_rows_stay_rows(tmp_path: Path) -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[0, 5] = (1, 2, 3)
    write_png(tmp_path / "a.png", pixels)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (6, 4)
        assert picture.getpixel((5, 0)) == (1, 2, 3)


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


def test_a_montage_shows_slices_with_segmentation() -> None:
    volume = np.zeros((1, 40, 60, 30), np.float32)
    labels = np.zeros((40, 60, 30), int)
    labels[30:35, 50:55, 10:14] = 1
    montage = overlay_montage(volume, labels)
    assert montage.shape == (80, 120, 3)  # four slices
    for top, left in ((0, 0), (0, 60), (40, 0), (40, 60)):
        assert tuple(montage[top + 30, left + 50]) == FIRST


@pytest.mark.parametrize(("slices", "across", "down"), [(1, 1, 1), (2, 2, 1), (5, 3, 2), (30, 3, 3)])
def test_a_montage_of_nothing_shows_the_whole_volume(slices: int, across: int, down: int) -> None:
    montage = overlay_montage(np.zeros((3, 20, 50, slices), np.float32), np.zeros((20, 50, slices), int))
    assert montage.shape == (down * 20, across * 50, 3)
