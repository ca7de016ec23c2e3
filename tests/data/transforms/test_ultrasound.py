"""Ultrasound is grey in [0, 1], whatever its overlays."""

from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, LoadImage
from PIL import Image

from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.transforms import Ultrasound, Ultrasoundd


def picture(values: torch.Tensor, **meta: object) -> MetaTensor:
    return MetaTensor(values, meta={"filename_or_obj": "a.png", "stored_max": 255.0, **meta})


def test_grey_is_divided_by_its_full_scale() -> None:
    grey = picture(torch.tensor([[[0.0, 51, 255]]]))
    torch.testing.assert_close(Ultrasound()(grey).as_tensor(), torch.tensor([[[0, 0.2, 1]]]))


def test_colours_become_their_luminance_and_stored_grey_stays() -> None:
    red, green, blue, white, tissue = [255.0, 0, 0], [0, 255.0, 0], [0, 0, 255.0], [255.0] * 3, [102.0] * 3
    colour = picture(torch.tensor([red, green, blue, white, tissue]).T[:, None])
    expected = torch.tensor([[[0.299, 0.587, 0.114, 1, 0.4]]])
    torch.testing.assert_close(Ultrasoundd("image")({"image": colour})["image"].as_tensor(), expected)
    with_alpha = picture(torch.cat([colour.as_tensor(), torch.full((1, 1, 5), 255.0)]))
    torch.testing.assert_close(Ultrasound()(with_alpha).as_tensor(), expected)


def test_a_sequence_of_frames_has_one_scale() -> None:
    frames = picture(torch.randint(0, 256, (3, 4, 5, 6)).float())
    shown = Ultrasound()(frames)
    assert shown.shape == (1, 4, 5, 6)
    for number in range(6):
        alone = Ultrasound()(picture(frames[..., number].as_tensor()))
        torch.testing.assert_close(shown[..., number].as_tensor(), alone.as_tensor())


def test_meta_data_stay_but_for_the_full_scale() -> None:
    shown = Ultrasound()(picture(torch.rand(3, 4, 5), modality="US"))
    assert (shown.meta["filename_or_obj"], shown.meta["modality"]) == ("a.png", "US")
    assert "stored_max" not in shown.meta


def test_other_channels_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"a.png has 5"):
        Ultrasound()(picture(torch.rand(5, 4, 4)))


def test_real_overlays(datasets: Path) -> None:
    """A picture with a coloured label and colour flow: grey pixels keep their values."""
    path = datasets / "busi_original_sample" / "benign" / "benign (240).png"
    image = Compose([LoadImage(MedicalImageReader(), ensure_channel_first=True), Ultrasound()])(str(path))
    with Image.open(path) as stored:
        rgb = np.asarray(stored.convert("RGB")).astype(float) / 255
    assert image.shape == (1, *rgb.shape[:2])
    grey = np.ptp(rgb, axis=2) == 0
    assert 0.9 < grey.mean() < 1
    np.testing.assert_allclose(image[0].numpy()[grey], rgb[..., 0][grey], atol=1e-6)
    np.testing.assert_allclose(image[0].numpy()[~grey], (rgb @ [0.299, 0.587, 0.114])[~grey], atol=1e-6)


def test_an_image_of_another_modality_is_refused_by_name() -> None:
    image = MetaTensor(torch.rand(1, 4, 4), meta={"modality": "MR", "filename_or_obj": "a.dcm"})
    with pytest.raises(ValueError, match=r"a\.dcm is MR; .*'auto'"):
        Ultrasound()(image)
