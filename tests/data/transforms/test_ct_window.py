"""A CT window shows Hounsfield units, and nothing that holds none."""

import pytest
import torch
from monai.data import MetaTensor

from srs_monai.data.transforms import CTWindow, CTWindowd, ToUnitRange

HU = torch.tensor([[[-1000.0, -125, -25, 75, 275, 3000]]])
ABDOMEN = torch.tensor([[[0, 0, 0.25, 0.5, 1, 1]]])


def test_the_abdomen_is_the_window_without_numbers() -> None:
    torch.testing.assert_close(CTWindow()(HU), ABDOMEN)


@pytest.mark.parametrize("named", [{"level": 75, "width": 400}, {"low": -125, "high": 275}])
def test_a_window_is_named_by_its_centre_or_by_its_ends(named: dict[str, float]) -> None:
    torch.testing.assert_close(CTWindow(**named)(HU), ABDOMEN)
    torch.testing.assert_close(CTWindowd("image", **named)({"image": HU})["image"], ABDOMEN)


def test_the_window_of_the_range_transform_is_this_one() -> None:
    hu = torch.linspace(-2000, 2000, 97)[None, None]
    torch.testing.assert_close(ToUnitRange("window", 30, 300)(hu), CTWindow(30, 300)(hu), rtol=0, atol=0)


def test_meta_data_stay_and_the_source_is_untouched() -> None:
    affine = torch.diag(torch.tensor([2.0, 3.0, 4.0, 1.0]))
    image = MetaTensor(HU.clone(), affine=affine, meta={"modality": "CT", "filename_or_obj": "a.dcm"})
    shown = CTWindow()(image)
    assert isinstance(shown, MetaTensor)
    assert (shown.meta["filename_or_obj"], shown.meta["modality"]) == ("a.dcm", "CT")
    torch.testing.assert_close(shown.affine, image.affine)
    assert torch.equal(image.as_tensor(), HU)


@pytest.mark.parametrize(
    "named",
    [
        {"level": 40},
        {"width": 400},
        {"high": 1},
        {"level": 40, "high": 1},
        {"level": 40, "width": 400, "low": 0},
        {"level": 40, "width": 400, "low": 0, "high": 1},
    ],
)
def test_half_a_window_and_two_are_refused(named: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"got level .*, width .*, low .*, high"):
        CTWindow(**named)


@pytest.mark.parametrize(
    "named", [{"level": 40, "width": 0}, {"low": 5, "high": 5}, {"low": 5, "high": 4}, {"low": 0, "high": float("nan")}]
)
def test_an_empty_window_is_refused(named: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above 0 HU"):
        CTWindowd("image", **named)


def test_what_holds_no_hounsfield_units_is_refused_by_name() -> None:
    for modality in ("MR", "OT"):
        with pytest.raises(ValueError, match=f"but a.dcm is {modality}; choose intensity 'auto'"):
            CTWindow()(MetaTensor(HU, meta={"filename_or_obj": "a.dcm", "modality": modality}))
    picture = {"filename_or_obj": "a.png", "source_kind": "picture", "modality": "", "stored_max": 255.0}
    with pytest.raises(ValueError, match=r"a.png is a picture, which holds brightness; use intensity 'range'"):
        CTWindow()(MetaTensor(HU, meta=picture))


def test_floats_of_a_picture_file_may_be_hounsfield_units() -> None:
    tiff = MetaTensor(HU, meta={"source_kind": "picture", "modality": "", "stored_max": None})
    torch.testing.assert_close(CTWindow()(tiff).as_tensor(), ABDOMEN)


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1 of 2 in a.nii are NaN"):
        CTWindow()(MetaTensor(torch.tensor([[[1.0, float("nan")]]]), meta={"filename_or_obj": "a.nii"}))
