"""The frame round the tissue goes, the tissue and its mask stay, and masks come back to the whole picture."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import MetaTensor, decollate_batch, list_data_collate
from monai.transforms import Compose, Flipd, Invertd, LoadImaged

from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.transforms import CropUltrasound, CropUltrasoundd

BOX = (40, 60, 200, 280)  # of the tissue in the picture below


@pytest.fixture
def picture() -> torch.Tensor:
    """Speckle on black, 256 x 320, with the letters, grey scale and bar that a system writes round it."""
    grey = torch.zeros(1, 256, 320)
    top, left, bottom, right = BOX
    grey[:, top:bottom, left:right] = torch.randint(20, 200, (1, bottom - top, right - left)).float()
    letters = (torch.rand(8, 90) > 0.6) * 255.0
    grey[0, 10:18, 5:95] = grey[0, 230:238, 200:290] = letters
    grey[0, 60:160, 20:28] = torch.linspace(255, 0, 100)[:, None]  # the grey scale
    return grey


def box_of(picture: torch.Tensor, **options: object) -> tuple[int, int, int, int]:
    return CropUltrasound(**options).box(picture)  # type: ignore[arg-type]


def test_tissue_is_kept_and_letters_and_scales_are_not(picture: torch.Tensor) -> None:
    assert box_of(picture) == BOX
    top, left, bottom, right = BOX
    assert torch.equal(CropUltrasound()(picture), picture[:, top:bottom, left:right])


def test_colour_is_tissue_too(picture: torch.Tensor) -> None:
    colour = torch.zeros(3, 256, 320)
    colour[2] = picture[0]  # blue, the darkest
    assert box_of(colour, black=0.02) == BOX


def test_a_sector_keeps_its_tip_and_its_arc() -> None:
    rows, columns = np.ogrid[:240, :300]
    angle = np.arctan2(columns - 150, rows - 20 + 1e-9)
    sector = (np.abs(angle) < 0.6) & (np.hypot(rows - 20, columns - 150) < 200) & (rows >= 20)
    top, left, bottom, right = box_of(torch.as_tensor(sector * 90.0)[None])
    inside = np.zeros_like(sector)
    inside[top:bottom, left:right] = True
    assert (sector & ~inside).sum() < 0.002 * sector.sum()  # lines with hardly a pixel of it
    assert inside.sum() < 0.72 * inside.size


def test_a_shadow_through_the_middle_divides_nothing(picture: torch.Tensor) -> None:
    picture[:, :, 130:170] = 0
    assert box_of(picture) == BOX


def test_a_picture_without_a_frame_stays_whole() -> None:
    assert box_of(torch.randint(10, 255, (1, 90, 130)).float()) == (0, 0, 90, 130)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (3, 3), (40, 50)])
def test_pictures_of_one_value_and_tiny_ones_stay_whole(shape: tuple[int, int]) -> None:
    assert box_of(torch.full((1, *shape), 7.0)) == (0, 0, *shape)


def test_a_picture_that_is_nearly_all_black_stays_whole() -> None:
    picture = torch.zeros(1, 200, 200)
    picture[:, 5:25] = 90.0  # the bar of a system, and no tissue that can be seen
    assert box_of(picture) == (0, 0, 200, 200)


def test_the_stated_region_is_believed_unless_told_otherwise(picture: torch.Tensor) -> None:
    stated = MetaTensor(picture, meta={"ultrasound_region": np.array([30, 50, 210, 300])})
    assert box_of(stated) == (30, 50, 210, 300)
    assert box_of(stated, by_region=False) == BOX
    cut = CropUltrasound()(stated)
    assert cut.shape == (1, 180, 250)
    assert "ultrasound_region" not in cut.meta  # it is of the whole picture
    assert "ultrasound_region" in stated.meta


@pytest.mark.parametrize("region", [(0, 0, 257, 320), (-1, 0, 10, 10), (20, 5, 20, 9), (0, 9, 4, 3)])
def test_a_region_outside_its_picture_is_refused(picture: torch.Tensor, region: tuple[int, ...]) -> None:
    stated = MetaTensor(picture, meta={"ultrasound_region": np.array(region), "filename_or_obj": "a.dcm"})
    with pytest.raises(ValueError, match=r"that of a.dcm is rows .* of 256 x 320; set by_region to false"):
        CropUltrasound()(stated)


def test_frames_share_the_box_of_all_that_is_bright_in_any(picture: torch.Tensor) -> None:
    frames = torch.stack([picture, torch.zeros_like(picture), picture], dim=-1)
    frames[:, 90:, :, 0] = 0
    frames[:, :150, :, 2] = 0
    top, left, bottom, right = BOX
    frames[:, top:bottom, left:right, 1] = 40.0
    crop = CropUltrasound()
    cut = crop(MetaTensor(frames))
    assert torch.equal(cut.as_tensor(), frames[:, top:bottom, left:right])
    whole = crop.inverse(cut.clone())
    assert whole.shape == frames.shape
    assert torch.equal(whole[:, top:bottom, left:right].as_tensor(), cut.as_tensor())


def test_a_mask_is_cut_by_the_box_of_its_image(picture: torch.Tensor) -> None:
    mask = torch.zeros(1, 256, 320)
    mask[:, 100:120, 100:130] = 1
    item = CropUltrasoundd(["image", "label"])({"image": MetaTensor(picture), "label": MetaTensor(mask)})
    assert item["image"].shape == item["label"].shape == (1, 160, 220)
    assert item["label"][0, 60, 40] == 1
    assert item["label"].sum() == mask.sum()


def test_items_without_a_mask_pass_where_keys_may_be_missing(picture: torch.Tensor) -> None:
    crop = CropUltrasoundd(["image", "label"], allow_missing_keys=True)
    assert crop({"image": picture})["image"].shape == (1, 160, 220)
    with pytest.raises(KeyError, match="label"):
        CropUltrasoundd(["image", "label"])({"image": picture})


def test_a_mask_that_would_be_cut_is_refused_with_both_names(picture: torch.Tensor) -> None:
    mask = torch.zeros(1, 256, 320)
    mask[0, 38:42, 100] = 1
    image = MetaTensor(picture, meta={"filename_or_obj": "a.png"})
    label = MetaTensor(mask, meta={"filename_or_obj": "a_mask.png"})
    with pytest.raises(ValueError, match=r"2 of 4 labelled pixels of a_mask.png lie outside rows 40 to 199 .* a.png"):
        CropUltrasoundd(["image", "label"])({"image": image, "label": label})


def test_images_of_another_size_are_refused(picture: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"has 256 x 320 pixels and .* 256 x 319"):
        CropUltrasoundd(["image", "label"])({"image": picture, "label": picture[..., :-1]})


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_masks_come_back_to_the_whole_picture(picture: torch.Tensor, dtype: torch.dtype) -> None:
    forward = Compose([CropUltrasoundd("image"), Flipd("image", spatial_axis=1)])
    stored = MetaTensor(picture, affine=torch.eye(4), meta={"filename_or_obj": "a.png"})
    item = forward({"image": stored})
    batch = list_data_collate([{**item, "pred": MetaTensor((item["image"] > 100).to(dtype))}])
    back = Invertd("pred", transform=forward, orig_keys="image")(decollate_batch(batch)[0])["pred"]
    expected = torch.zeros(1, 256, 320, dtype=dtype)
    top, left, bottom, right = BOX
    expected[:, top:bottom, left:right] = (picture[:, top:bottom, left:right] > 100).to(dtype)
    assert back.dtype == dtype
    assert torch.equal(back.as_tensor(), expected)
    torch.testing.assert_close(back.affine, stored.affine)


def test_the_affine_says_where_the_box_lies(picture: torch.Tensor) -> None:
    spaced = MetaTensor(picture, affine=torch.diag(torch.tensor([0.5, 0.25, 1, 1], dtype=torch.float64)))
    cut = CropUltrasound()(spaced)
    assert cut.affine[:3, 3].tolist() == [40 * 0.5, 60 * 0.25, 0]


def test_arrays_are_taken_too(picture: torch.Tensor) -> None:
    assert CropUltrasound()(picture.numpy()).shape == (1, 160, 220)


def test_it_joins_a_lazy_pipeline(picture: torch.Tensor) -> None:
    eager, lazy = (
        Compose([Flipd("image", spatial_axis=0), CropUltrasoundd("image")], lazy=lazy)({"image": MetaTensor(picture)})
        for lazy in (False, True)
    )
    assert torch.equal(eager["image"].as_tensor(), lazy["image"].as_tensor())


@pytest.mark.parametrize("black", [-0.1, 1.0])
def test_senseless_settings_are_refused(black: float) -> None:
    with pytest.raises(ValueError, match=rf"black .* got {black}"):
        CropUltrasoundd("image", black=black)


@pytest.fixture
def load() -> Callable[..., dict[str, MetaTensor]]:
    reader = LoadImaged(["image", "label"], MedicalImageReader(), ensure_channel_first=True, allow_missing_keys=True)
    return lambda **paths: reader({key: str(path) for key, path in paths.items()})


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("us_mono_jpegls.dcm", (130, 208, 743, 840)),  # the sector among letters, scales and marks
        ("us_rgb_rle.dcm", (90, 0, 337, 632)),  # a rectangle as wide as the screen
        ("us_rgb_uncompressed.dcm", (0, 0, 120, 256)),  # grey, not black, round the sector
        ("us_palette_rle.dcm", (60, 120, 519, 800)),  # stated: below 166 all that shows is black
        ("us_palette_rle_2frame.dcm/frame_0002", (60, 120, 519, 800)),
    ],
)
def test_real_screens(
    load: Callable[..., dict[str, MetaTensor]], datasets: Path, name: str, box: tuple[int, ...]
) -> None:
    image = load(image=datasets / "dicom" / "single" / name)["image"]
    np.testing.assert_allclose(box_of(image), box, atol=12)


def test_no_lesion_of_real_pictures_is_cut(load: Callable[..., dict[str, MetaTensor]], datasets: Path) -> None:
    """Pictures with the widest frames of the data set; the crop refuses a mask that it would cut."""
    crop = CropUltrasoundd(["image", "label"])
    for name in ["benign (283)", "benign (286)", "benign (435)", "malignant (145)"]:
        item = load(image=datasets / "busi/images" / f"{name}.png", label=datasets / "busi/masks" / f"{name}.png")
        cut = crop(item)
        assert cut["image"][0].numel() < 0.97 * item["image"][0].numel()
        assert (cut["label"] > 0).sum() == (item["label"] > 0).sum() > 0
