"""What the networks see: pictures, phantoms and the made-up study."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from measure.images import images, labelled_images, write_study
from srs_monai.data.readers import MedicalImageReader


def test_phantoms_do_not_depend_on_their_number() -> None:
    seen, masks = labelled_images(None, 3, (32, 40))
    assert seen.shape == (3, 3, 32, 40)
    assert masks.shape == (3, 1, 32, 40)
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(images(None, 2, (32, 40)), seen[:2])


def test_pictures_of_a_folder_come_again(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        for number, value in enumerate((0, 255)):
            Image.fromarray(np.full((10, 12), value, np.uint8)).save(tmp_path / folder / f"{number}.png")
    seen, masks = labelled_images(tmp_path, 3, (32, 32))
    assert seen.flatten(1).mean(1).tolist() == masks.flatten(1).mean(1).tolist() == [0.0, 1.0, 0.0]
    assert images(tmp_path / "images", 3, (32, 32)).mean() == pytest.approx(1 / 3)


def test_a_picture_has_a_mask(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "images" / "a.png")
    with pytest.raises(ValueError, match=r"masks/a\.png is not there"):
        labelled_images(tmp_path, 1, (32, 32))


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds none"):
        images(tmp_path, 1, (32, 32))


def test_a_study_is_read_as_ct(tmp_path: Path) -> None:
    assert write_study(tmp_path / "a", 40, side=32) == 4
    reader = MedicalImageReader()
    values, header = reader.get_data(reader.read(str(tmp_path / "a")))
    assert values.shape == (32, 32, 40)
    along = [int((np.asarray(values[..., number]) > -160).sum()) for number in range(40)]
    assert [number for number, body in enumerate(along) if body == 0] == [0, 1, 38, 39]
    assert np.asarray(values).min() < -900 < 600 < np.asarray(values).max()
    assert np.linalg.norm(np.asarray(header["affine"])[:3, 2]) == 1.25


def test_the_same_study_again(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_study(tmp_path / name, 3, side=32)
    first, second = (sorted((tmp_path / name).iterdir()) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert first[0].read_bytes() != first[1].read_bytes()
