"""Thin lines at the edge go, gradual changes stay."""

import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, Invertd

from srs_monai.data.transforms import CropBorder, CropBorderd


@pytest.fixture
def picture() -> torch.Tensor:
    """A sky that fades from 20 to 120 over 40 rows."""
    return torch.linspace(20, 120, 40)[:, None].repeat(1, 30)[None]


def test_white_and_black_lines_go_and_a_fading_sky_stays(picture: torch.Tensor) -> None:
    assert CropBorder().box(picture) == (0, 0, 40, 30)
    picture[:, :2] = 255  # above
    picture[:, :, :3] = 255  # left
    picture[:, -1:] = 250  # below
    picture[:, :, -1:] = 0  # right
    assert CropBorder().box(picture) == (2, 3, 39, 29)
    assert torch.equal(CropBorder()(picture), picture[:, 2:39, 3:29])


def test_lines_of_several_values_go_up_to_the_last_step(picture: torch.Tensor) -> None:
    picture[0, :, :4] = torch.tensor([215.0, 220, 254, 254])
    assert CropBorder().box(picture) == (0, 4, 40, 30)
    assert CropBorder(width=3).box(picture)[1] == 0  # the step lies farther inside


def test_a_bright_target_at_the_edge_is_no_border(picture: torch.Tensor) -> None:
    picture[0, :3, 4:14] = 255  # a third of the lines
    assert CropBorder().box(picture) == (0, 0, 40, 30)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2), (3, 4)])
def test_something_is_always_left(shape: tuple[int, int]) -> None:
    picture = torch.arange(shape[0] * shape[1], dtype=torch.float32).reshape(1, *shape)
    top, left, bottom, right = CropBorder().box(picture)
    assert top < bottom
    assert left < right


def test_a_mask_comes_back(picture: torch.Tensor) -> None:
    picture[:, :2] = 255
    forward = Compose([CropBorderd(["image", "label"], allow_missing_keys=True)])
    item = forward({"image": MetaTensor(picture)})
    item["pred"] = MetaTensor(torch.ones(1, 38, 30))
    back = Invertd("pred", transform=forward, orig_keys="image")(item)["pred"]
    assert back.shape == (1, 40, 30)
    assert back[:, :2].sum() == 0
    assert (back[:, 2:] == 1).all()


def test_a_mask_on_the_border_is_refused(picture: torch.Tensor) -> None:
    picture[:, :2] = 255
    with pytest.raises(ValueError, match=r"60 of 1200 labelled pixels .* rows 2 to 39 and columns 0 to 29"):
        CropBorderd(["image", "label"])({"image": picture, "label": torch.ones(1, 40, 30)})


@pytest.mark.parametrize(("name", "value"), [("width", 0), ("step", 0), ("step", 1.0)])
def test_senseless_settings_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"got .*{name} {value}"):
        CropBorder(**{name: value})  # type: ignore[arg-type]
