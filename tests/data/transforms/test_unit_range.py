"""Intensities are scaled once, by the rule that their source asks for."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from monai.data import MetaTensor, list_data_collate

from srs_monai.data.transforms import ToUnitRange, ToUnitRanged


@pytest.fixture
def image() -> Callable[..., MetaTensor]:
    def make(values: list[float], **meta: object) -> MetaTensor:
        return MetaTensor(torch.tensor([[values]], dtype=torch.float32), meta={"filename_or_obj": "a.png", **meta})

    return make


def test_a_window_runs_from_half_a_width_below_its_level_to_half_above(image: Callable[..., MetaTensor]) -> None:
    hu = image([-1000, -160, 40, 240, 3000])
    torch.testing.assert_close(ToUnitRange("window")(hu).as_tensor(), torch.tensor([[[0, 0, 0.5, 1, 1]]]))
    lung = ToUnitRange("window", window_level=-600, window_width=1500)(hu)
    torch.testing.assert_close(lung.as_tensor()[0, 0, 0], torch.tensor(350 / 1500))


@pytest.mark.parametrize("full", [1.0, 255.0, 65535.0])
def test_the_range_is_the_stored_types(image: Callable[..., MetaTensor], full: float) -> None:
    scaled = ToUnitRange("range")(image([0, full / 5, full], stored_max=full))
    torch.testing.assert_close(scaled.as_tensor(), torch.tensor([[[0, 0.2, 1]]]))


def test_percentiles_cut_off_outliers(image: Callable[..., MetaTensor]) -> None:
    values = [float(v) for v in range(1001)]
    scaled = ToUnitRange("percentile")(image(values)).as_tensor()[0, 0]
    low, high = 5.0, 995.0  # 0.5 and 99.5 % of 0 .. 1000
    torch.testing.assert_close(scaled, ((torch.arange(1001) - low) / (high - low)).clamp(0, 1))


def test_a_small_target_on_an_even_ground_survives(image: Callable[..., MetaTensor]) -> None:
    scaled = ToUnitRange("percentile")(image([7.0] * 999 + [9.0]))
    assert scaled[0, 0, 0] == 0
    assert scaled[0, 0, -1] == 1


def test_an_even_image_becomes_zero(image: Callable[..., MetaTensor]) -> None:
    assert (ToUnitRange("percentile")(image([7.0, 7.0])) == 0).all()


@pytest.mark.parametrize(
    ("meta", "rule"),
    [
        ({"source_kind": "dicom", "modality": "CT", "stored_max": None}, "window"),
        ({"source_kind": "dicom", "modality": "CT", "stored_max": 65535}, "window"),
        ({"source_kind": "dicom", "modality": "US", "stored_max": 255}, "range"),
        ({"source_kind": "dicom", "modality": "MR", "stored_max": None}, "percentile"),
        ({"source_kind": "picture", "modality": "", "stored_max": 255}, "range"),
        ({"source_kind": "picture", "modality": "", "stored_max": "none"}, "percentile"),
        ({"source_kind": "nifti", "modality": ""}, "percentile"),
        ({}, "percentile"),
    ],
)
def test_auto_goes_by_the_source(image: Callable[..., MetaTensor], meta: dict[str, object], rule: str) -> None:
    values = image([0, 20, 60, 100, 200], **meta)
    torch.testing.assert_close(ToUnitRange()(values), ToUnitRange(rule)(values))  # type: ignore[arg-type]


def test_plain_arrays_are_taken_too() -> None:
    scaled = ToUnitRange("window")(np.array([[[40.0]]]))
    assert scaled.item() == 0.5


def test_the_meta_data_stay_but_for_the_full_scale(image: Callable[..., MetaTensor]) -> None:
    stored = image([0, 255], stored_max=255)
    stored.affine = torch.diag(torch.tensor([2.0, 3.0, 4.0, 1.0]))
    scaled = ToUnitRange()(stored)
    assert scaled.meta["filename_or_obj"] == "a.png"
    torch.testing.assert_close(scaled.affine, stored.affine)
    assert "stored_max" not in scaled.meta
    assert stored.meta["stored_max"] == 255


def test_images_with_and_without_a_full_scale_share_a_batch(image: Callable[..., MetaTensor]) -> None:
    scale = ToUnitRanged("image")
    items = [scale({"image": image([0, 9], stored_max=full), "case": 1}) for full in (255, None)]
    assert list_data_collate(items)["image"].shape == (2, 1, 1, 2)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused_by_name(image: Callable[..., MetaTensor], bad: float) -> None:
    with pytest.raises(ValueError, match=r"1 of 3 in a.png are NaN or infinite"):
        ToUnitRanged("image", "window")({"image": image([1, bad, 2])})


def test_a_range_needs_a_full_scale(image: Callable[..., MetaTensor]) -> None:
    with pytest.raises(ValueError, match=r"a.png has none; choose 'percentile'"):
        ToUnitRange("range")(image([1, 2], stored_max=None))


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="above 0 HU; got 0"):
        ToUnitRange("window", window_width=0)
    with pytest.raises(ValueError, match="one of auto, window, range, percentile; got 'minmax'"):
        ToUnitRanged("image", "minmax")  # type: ignore[arg-type]
