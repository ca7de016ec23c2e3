"""Small pictures in the layouts in which data sets are published."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def draw() -> Callable[..., Path]:
    """Write a picture: noise of its own, unlike any other, or the stored values that are given."""

    def write(path: Path, values: object = None) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        if values is None:
            seed = [ord(letter) for letter in path.as_posix()]
            values = np.random.default_rng(seed).integers(0, 256, (24, 20), dtype=np.uint8)
        Image.fromarray(np.asarray(values)).save(path)
        return path

    return write


@pytest.fixture
def draw_pairs(draw: Callable[..., Path]) -> Callable[..., None]:
    """Write images and masks with a square in the middle, by names relative to a folder."""

    def write(folder: Path, pairs: dict[str, str]) -> None:
        mask = np.zeros((24, 20), dtype=np.uint8)
        mask[8:16, 8:16] = 255
        for image, its_mask in pairs.items():
            draw(folder / image)
            draw(folder / its_mask, mask)

    return write
