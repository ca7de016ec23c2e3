"""Dermoscopy is RGB in [0, 1]; hairs go on request."""

from pathlib import Path

import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import LoadImage

from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.transforms import Dermoscopy, Dermoscopyd, RemoveHair


@pytest.fixture
def picture() -> MetaTensor:
    values = torch.randint(0, 256, (3, 20, 30)).float()
    return MetaTensor(values, meta={"filename_or_obj": "a.jpg", "stored_max": 255.0})


def test_colours_are_divided_by_their_full_scale(picture: MetaTensor) -> None:
    shown = Dermoscopyd("image")({"image": picture})["image"]
    torch.testing.assert_close(shown.as_tensor(), picture.as_tensor() / 255)
    assert shown.meta["filename_or_obj"] == "a.jpg"
    assert "stored_max" not in shown.meta


def test_alpha_is_dropped(picture: MetaTensor) -> None:
    with_alpha = MetaTensor(torch.cat([picture.as_tensor(), torch.full((1, 20, 30), 255.0)]), meta=picture.meta)
    assert torch.equal(Dermoscopy()(with_alpha).as_tensor(), Dermoscopy()(picture).as_tensor())


def test_hairs_go_only_on_request(picture: MetaTensor) -> None:
    picture[:] = torch.tensor([200.0, 150, 120])[:, None, None]
    picture[:, 10] = 20
    shown, painted = Dermoscopy()(picture), Dermoscopy(remove_hair=True, hair_width=3)(picture)
    assert shown[0, 10, 5] == 20 / 255
    torch.testing.assert_close(painted[:, 10], painted[:, 5])
    torch.testing.assert_close(painted.as_tensor(), RemoveHair(3)(shown).as_tensor())


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_is_refused_with_a_way_out(picture: MetaTensor, channels: int) -> None:
    grey = MetaTensor(picture.as_tensor()[:1].repeat(channels, 1, 1), meta=picture.meta)
    with pytest.raises(ValueError, match=rf"a.jpg is grey .* \({channels}\); .*ToUnitRanged"):
        Dermoscopy()(grey)


def test_real_hairs(datasets: Path) -> None:
    """Of two pictures, the one full of hairs changes and the smooth one hardly does."""
    load = LoadImage(MedicalImageReader(), ensure_channel_first=True)
    changed = {}
    for name in ("ISIC_0014716", "ISIC_0014624"):
        image = load(str(datasets / "isic2018" / "images" / f"{name}.jpg"))
        difference = (Dermoscopy(remove_hair=True)(image) - Dermoscopy()(image)).abs().amax(0)
        changed[name] = float((difference > 0.05).float().mean())
    assert changed["ISIC_0014716"] > 0.15
    assert changed["ISIC_0014624"] < 0.02


def test_an_image_of_another_modality_is_refused_by_name() -> None:
    image = MetaTensor(torch.rand(3, 4, 4), meta={"modality": "MR", "filename_or_obj": "a.dcm"})
    with pytest.raises(ValueError, match=r"a\.dcm is MR; .*'auto'"):
        Dermoscopy()(image)
