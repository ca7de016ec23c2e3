"""Masks of an image read as one."""

from pathlib import Path

import numpy as np
import pytest
from monai.transforms import LoadImaged
from numpy.testing import assert_array_equal
from PIL import Image

from srs_monai.data.readers import MaskReader


def save(path: Path, values: object, mode: str | None = None) -> str:
    picture = Image.fromarray(np.asarray(values, dtype=np.uint8))
    (picture if mode is None else picture.convert(mode)).save(path)
    return str(path)


@pytest.fixture
def halves() -> tuple[np.ndarray, np.ndarray]:
    """Black and white, (4, 6): the upper half, and the left half."""
    upper, left = np.zeros((2, 4, 6), dtype=np.uint8)
    upper[:2], left[:, :3] = 255, 255
    return upper, left


@pytest.mark.parametrize("modes", [("L", "1"), ("1", "RGBA"), ("RGB", "P"), ("1", "1")])
def test_the_union_of_masks_in_any_mode(
    tmp_path: Path, halves: tuple[np.ndarray, np.ndarray], modes: tuple[str, str]
) -> None:
    names = [save(tmp_path / f"{i}.png", half, mode) for i, (half, mode) in enumerate(zip(halves, modes, strict=True))]
    union, meta = MaskReader().get_data(names)
    assert_array_equal(union, ((halves[0] > 0) | (halves[1] > 0))[None].astype(np.float32))
    assert meta["stored_max"] == 1


def test_one_mask_is_read_as_it_is(tmp_path: Path) -> None:
    values = np.arange(24).reshape(4, 6)
    array, meta = MaskReader().get_data(save(tmp_path / "a.png", values))
    assert_array_equal(array[0], values)
    assert meta["stored_max"] == 255


def test_a_list_in_an_item(tmp_path: Path, halves: tuple[np.ndarray, np.ndarray]) -> None:
    names = [save(tmp_path / f"{i}.png", half) for i, half in enumerate(halves)]
    item = LoadImaged("label", reader=MaskReader(), ensure_channel_first=True)({"label": names})
    assert item["label"].shape == (1, 4, 6)
    assert item["label"].sum() == 18
    assert item["label"].meta["filename_or_obj"] == names[0]


def test_masks_that_cannot_be_one_are_refused_by_name(tmp_path: Path, halves: tuple[np.ndarray, np.ndarray]) -> None:
    first = save(tmp_path / "a.png", halves[0])
    other = save(tmp_path / "b.png", np.zeros((5, 6)))
    with pytest.raises(ValueError, match=r"a\.png has 4 x 6 .*b\.png 5 x 6"):
        MaskReader().get_data([first, other])
    numbers = save(tmp_path / "c.png", np.arange(24).reshape(4, 6))
    with pytest.raises(ValueError, match=r"a binary mask must .* but .*c\.png holds 0, 1, 2"):
        MaskReader().get_data([first, numbers])
    np.save(tmp_path / "d.npy", np.zeros((4, 6)))
    with pytest.raises(ValueError, match=r"must be pictures, but .*d\.npy is not"):
        MaskReader().get_data([first, tmp_path / "d.npy"])
