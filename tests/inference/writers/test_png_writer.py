"""PNG files hold labels, probabilities and pictures at the picture's own size."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srs_monai.inference.writers.png_writer import write_mask_png, write_png, write_probability_png


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
