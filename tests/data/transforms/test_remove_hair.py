"""Thin dark lines go; what is wide, round or bright stays."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from srs_monai.data.transforms import RemoveHair, RemoveHaird

SKIN = torch.tensor([0.8, 0.6, 0.5])


@pytest.fixture
def skin() -> torch.Tensor:
    return SKIN[:, None, None].repeat(1, 96, 128)


def line(angle: float, thickness: float = 2.0, size: tuple[int, int] = (96, 128)) -> torch.Tensor:
    """Where a straight line through the middle runs, at an angle in degrees."""
    rows, columns = np.ogrid[: size[0], : size[1]]
    across = np.cos(np.deg2rad(angle)) * (rows - size[0] / 2) - np.sin(np.deg2rad(angle)) * (columns - size[1] / 2)
    return torch.as_tensor(np.abs(across) <= thickness / 2)


@pytest.mark.parametrize("angle", [0, 15, 22.5, 30, 45, 60, 75, 90, 110, 135, 160])
def test_a_hair_of_any_direction_is_painted_with_skin(skin: torch.Tensor, angle: float) -> None:
    hairy = torch.where(line(angle), 0.15, skin)
    torch.testing.assert_close(RemoveHair(width=4)(hairy), skin)


def test_crossing_hairs_are_painted_too(skin: torch.Tensor) -> None:
    hairy = torch.where(line(20) | line(75, 3) | line(100) | line(160), 0.1, skin)
    torch.testing.assert_close(RemoveHair(width=4)(hairy), skin)


def test_a_picture_without_hairs_is_untouched(skin: torch.Tensor) -> None:
    rows, columns = np.ogrid[:96, :128]
    skin[:, np.hypot(rows - 50, columns - 60) < 25] = 0.3  # a lesion
    skin[:, np.hypot(rows - 20, columns - 100) < 1.6] = 0.2  # a dot
    skin[:, line(0, 2) & torch.as_tensor(columns > 100)] = 1.0  # a bright scratch
    assert torch.equal(RemoveHair(width=4)(skin), skin)


def test_a_dark_vignette_is_untouched() -> None:
    rows, columns = np.ogrid[:128, :128]
    radius = np.hypot(rows - 63.5, columns - 63.5)
    for edge in (60, 63.5, 64, 66, 80):  # the last ones leave slivers at the edge and in the corners
        picture = torch.where(torch.as_tensor(radius < edge), 0.7, 0.02).float()[None].repeat(3, 1, 1)
        assert torch.equal(RemoveHair(width=4)(picture), picture), edge


def test_a_hair_over_a_lesion_takes_the_lesions_colour(skin: torch.Tensor) -> None:
    rows, columns = np.ogrid[:96, :128]
    lesion = torch.as_tensor(np.hypot(rows - 48, columns - 64) < 30)
    clean = torch.where(lesion, 0.4, skin)
    painted = RemoveHair(width=4)(torch.where(line(0), 0.05, clean))
    inside = torch.as_tensor(np.hypot(rows - 48, columns - 64) < 18)
    torch.testing.assert_close(painted[:, inside], clean[:, inside], rtol=0, atol=1e-3)


@pytest.mark.parametrize("angle", [0, 30, 75])
def test_the_width_grows_with_the_picture(angle: float) -> None:
    hair = line(angle, 7, (512, 600))
    hairy = torch.where(hair, 0.1, torch.full((3, 512, 600), 0.7))
    torch.testing.assert_close(RemoveHair()(hairy), torch.full_like(hairy, 0.7), rtol=0, atol=1e-3)
    assert torch.equal(RemoveHair(width=2)(hairy), hairy)


def test_a_large_picture_keeps_every_pixel_that_is_no_hair() -> None:
    rows, columns = np.ogrid[:640, :640]
    picture = torch.rand(3, 640, 640) * 0.05 + 0.6  # noise, which no smaller picture holds
    hair = line(20, 6, (640, 640))
    painted = RemoveHair()(torch.where(hair, 0.1, picture))
    far = torch.as_tensor(np.abs(np.cos(0.35) * (rows - 320) - np.sin(0.35) * (columns - 320)) > 25)
    assert torch.equal(painted[:, far], picture[:, far])
    assert painted.min() > 0.55


def test_meta_data_stay(skin: torch.Tensor) -> None:
    image = MetaTensor(skin, meta={"filename_or_obj": "a.png"})
    result = RemoveHaird("image")({"image": image})["image"]
    assert isinstance(result, MetaTensor)
    assert result.meta["filename_or_obj"] == "a.png"


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(3, 1, 1), (3, 2, 9), (1, 40, 40)])
def test_even_pictures_and_tiny_ones_stay(value: float, shape: tuple[int, int, int]) -> None:
    picture = torch.full(shape, value)
    assert torch.equal(RemoveHair()(picture), picture)


def test_a_picture_as_stored_is_refused() -> None:
    stored = MetaTensor(torch.full((3, 4, 5), 255.0), meta={"filename_or_obj": "a.png"})
    with pytest.raises(ValueError, match=r"a.png has 3 x 4 x 5 values in \[255, 255\]; .*ToUnitRanged"):
        RemoveHair()(stored)
    with pytest.raises(ValueError, match=r"pictures \(C, H, W\)"):
        RemoveHair()(torch.zeros(3, 4, 5, 6))


@pytest.mark.parametrize(("name", "value"), [("width", 0), ("contrast", 0), ("contrast", 1.0)])
def test_senseless_settings_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"got .*{name} {value}"):
        RemoveHaird("image", **{name: value})  # type: ignore[arg-type]
