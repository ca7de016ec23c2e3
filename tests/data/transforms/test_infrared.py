"""Infrared images are stretched, and small bright targets stay what they are: the brightest."""

from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import LoadImaged

from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.transforms import Infrared, Infraredd, MatchChannels


@pytest.mark.parametrize("bits", [8, 14, 16])
def test_the_low_percentile_becomes_0_and_the_highest_value_1(bits: int) -> None:
    top = 2.0**bits - 1
    image = torch.linspace(0, top, 1001).reshape(1, 7, 143)
    shown = Infrared(low=10)(image)
    low = top / 10
    torch.testing.assert_close(shown, ((image - low) / (top - low)).clamp_min(0))


def test_a_target_of_ten_pixels_keeps_its_shape_and_peak() -> None:
    image = torch.randint(7000, 7200, (1, 512, 640)).float()  # a sky of 14 bits, with noise
    target = torch.tensor([[7900.0, 8000, 8300, 8000, 7900], [7800, 7950, 8100, 7950, 7800]])
    image[0, 100:102, 200:205] = target
    shown = Infrared()(image)
    expected = (target - 7001) / (8300 - 7001)  # percentile 0.5 of 7000 .. 7199 is 7000 or 7001
    torch.testing.assert_close(shown[0, 100:102, 200:205], expected, rtol=0, atol=2e-3)
    assert shown[0, 100, 202] == 1
    assert (shown == 1).sum() == 1
    others = shown.clone()
    others[0, 100:102, 200:205] = 0
    assert others.max() < 0.16


def test_dead_dark_pixels_do_not_set_the_scale() -> None:
    image = torch.linspace(1000, 2000, 10000).reshape(1, 100, 100)
    image[0, 3, 4] = 0
    shown = Infrared()(image)
    assert shown[0, 3, 4] == 0
    assert shown[0, 50, 0] == pytest.approx(0.4975, abs=2e-3)


def test_a_dark_target_on_a_saturated_image_survives() -> None:
    image = torch.full((1, 100, 100), 255.0)
    image[0, 7, 8], image[0, 7, 9] = 55, 155
    assert Infrared()(image)[0, 7, 7:10].tolist() == [1, 0, 0.5]


def test_an_even_image_becomes_0() -> None:
    assert (Infrared()(torch.full((1, 5, 6), 9.0)) == 0).all()


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_grey_stored_in_colour_is_one_channel(channels: int) -> None:
    grey = torch.rand(1, 8, 9) * 255
    stored = grey.repeat(channels, 1, 1)
    if channels in (2, 4):
        stored[-1] = 255  # alpha
    torch.testing.assert_close(Infrared()(stored), Infrared()(grey), rtol=0, atol=1e-6)


def test_false_colours_are_refused_by_name() -> None:
    ramp = torch.linspace(0, 255, 300).reshape(1, 15, 20)
    iron = torch.cat([ramp, torch.zeros_like(ramp), 255 - ramp])
    image = MetaTensor(iron, meta={"filename_or_obj": "a.png"})
    with pytest.raises(ValueError, match=r"a.png is in false colours, .*; export it in grey"):
        Infrared()(image)


def test_frames_of_a_sequence_have_one_scale() -> None:
    frames = torch.rand(1, 4, 5, 3) * 100
    frames[..., 2] += 300
    shown = Infrared(low=0)(frames)
    assert (shown.min(), shown.max()) == (0, 1)
    assert shown[..., :2].max() < 0.3


def test_meta_data_stay_but_for_the_full_scale() -> None:
    image = MetaTensor(torch.rand(1, 4, 4), meta={"filename_or_obj": "a.png", "stored_max": 255.0})
    shown = Infraredd("image")({"image": image})["image"]
    assert shown.meta["filename_or_obj"] == "a.png"
    assert "stored_max" not in shown.meta


@pytest.mark.parametrize("low", [-1, 100])
def test_senseless_settings_are_refused(low: float) -> None:
    with pytest.raises(ValueError, match=rf"low .* got {low}"):
        Infraredd("image", low=low)


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1 of 2 in .* are NaN"):
        Infrared()(torch.tensor([[[1.0, float("inf")]]]))


@pytest.mark.parametrize(
    "names", [(1, 36, 43), (34, 66, 67), (68, 72, 145, 251), (138, 139, 23)], ids=["L", "RGBA", "RGB", "P"]
)
def test_real_targets_of_every_colour_mode_keep_their_peaks(datasets: Path, names: tuple[int, ...]) -> None:
    folder = datasets / "sirst"
    paths = [folder / "images" / f"Misc_{name}.png" for name in names]
    load = LoadImaged(["image", "label"], MedicalImageReader(), ensure_channel_first=True)
    for path in paths:
        item = load({"image": str(path), "label": str(folder / "masks" / path.name)})
        target = item["label"][0].as_tensor() > 127
        shown, grey = (step(item["image"])[0].as_tensor() for step in (Infrared(), MatchChannels(1)))
        brighter = grey >= grey[target].max()
        assert torch.equal(shown >= shown[target].max(), brighter), path.name
        contrast, before = (float(image[target].max() - image[~target].median()) for image in (shown, grey / 255))
        assert contrast >= before - 1e-6, path.name
        assert np.ptp(shown.numpy()) == 1


def test_an_image_of_another_modality_is_refused_by_name() -> None:
    image = MetaTensor(torch.rand(1, 4, 4), meta={"modality": "MR", "filename_or_obj": "a.dcm"})
    with pytest.raises(ValueError, match=r"a\.dcm is MR; .*'auto'"):
        Infrared()(image)
