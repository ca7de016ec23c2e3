"""Metrics of one case: values by hand, empty masks, identities, refusals."""

import math

import numpy as np
import pytest
import torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance

from srs_monai.evaluation import case_metrics


def mask(shape, *boxes):
    """A mask of the given shape with boxes of foreground, each a tuple of slices."""
    array = np.zeros(shape, dtype=bool)
    for box in boxes:
        array[box] = True
    return array


def random_pair(seed, shape=(23, 31)):
    rng = np.random.default_rng(seed)
    return rng.random(shape) < 0.1, rng.random(shape) < 0.2


def test_rates_by_hand():
    prediction = mask((4, 5), np.s_[0:2, 0:3])  # 6 pixels
    reference = mask((4, 5), np.s_[1:3, 0:4])  # 8 pixels, 3 of them shared: tp 3, fp 3, fn 5, tn 9
    values = case_metrics(prediction, reference)
    assert list(values) == [
        "iou", "dice_f1", "hd95_pixels", "asd_pixels", "sensitivity", "specificity", "precision", "accuracy",
    ]  # fmt: skip
    assert values["iou"] == pytest.approx(3 / 11)
    assert values["dice_f1"] == pytest.approx(6 / 14)
    assert values["sensitivity"] == pytest.approx(3 / 8)
    assert values["specificity"] == pytest.approx(9 / 12)
    assert values["precision"] == pytest.approx(3 / 6)
    assert values["accuracy"] == pytest.approx(12 / 20)


@pytest.mark.parametrize(("spacing", "unit", "distance"), [(None, "pixels", 5.0), ((2.0, 0.5), "mm", math.hypot(6, 2))])
def test_distance_of_two_pixels_has_its_unit(spacing, unit, distance):
    prediction, reference = mask((9, 9), np.s_[1, 2]), mask((9, 9), np.s_[4, 6])  # 3 rows and 4 columns apart
    values = case_metrics(prediction, reference, spacing)
    assert values[f"hd95_{unit}"] == pytest.approx(distance)
    assert values[f"asd_{unit}"] == pytest.approx(distance)


def test_distance_in_a_volume():
    prediction, reference = mask((6, 6, 6), np.s_[1, 1, 1]), mask((6, 6, 6), np.s_[1, 3, 4])
    assert case_metrics(prediction, reference, (9.0, 1.0, 0.5))["hd95_mm"] == pytest.approx(2.5)


def test_hd95_is_the_larger_directed_percentile():
    prediction, reference = mask((3, 20), np.s_[1, 0:11]), mask((3, 20), np.s_[1, 0:10])
    values = case_metrics(prediction, reference)
    assert values["hd95_pixels"] == pytest.approx(0.5)  # ten times 0 and once 1, halfway between the last two
    assert values["asd_pixels"] == pytest.approx(1 / 21)


def test_asd_runs_over_both_outlines():
    prediction, reference = mask((9, 9), np.s_[2:7, 2:7]), mask((9, 9), np.s_[3:6, 3:6])
    # the outer outline: 12 pixels at 1 and 4 corners at sqrt 2; the inner one: 8 pixels at 1
    assert case_metrics(prediction, reference)["asd_pixels"] == pytest.approx((20 + 4 * math.sqrt(2)) / 24)


def test_the_border_of_the_image_is_a_surface():
    prediction, reference = np.ones((9, 9), dtype=bool), mask((9, 9), np.s_[1:8, 1:8])
    outer, inner, corner = 32, 24, math.sqrt(2)
    assert case_metrics(prediction, reference)["asd_pixels"] == pytest.approx(
        (outer - 4 + 4 * corner + inner) / (outer + inner)
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_volume_of_one_slice_is_measured_as_a_picture(axis):
    prediction, reference = mask((9, 9), np.s_[1:8, 1:8]), mask((9, 9), np.s_[3:6, 3:6])
    spacing = [0.7, 0.9]
    flat = case_metrics(prediction, reference, spacing)
    spacing.insert(axis, 5.0)
    deep = case_metrics(np.expand_dims(prediction, axis), np.expand_dims(reference, axis), spacing)
    assert deep == pytest.approx(flat)


@pytest.mark.filterwarnings("ignore:.*always_return_as_numpy:FutureWarning")  # MONAI's own call inside its metrics
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", [(23, 31), (9, 11, 7)])
def test_distances_are_those_of_monai(seed, shape):
    prediction, reference = random_pair(seed, shape)
    spacing = (0.8, 1.5, 2.5)[: len(shape)]
    pair = [torch.from_numpy(array)[None, None] for array in (prediction, reference)]
    options = {"include_background": True, "spacing": spacing}
    values = case_metrics(prediction, reference, spacing)
    assert values["hd95_mm"] == pytest.approx(compute_hausdorff_distance(*pair, percentile=95, **options).item())
    asd = compute_average_surface_distance(*pair, symmetric=True, **options).item()
    assert values["asd_mm"] == pytest.approx(asd, rel=1e-5)


def test_symmetric_in_prediction_and_reference():
    prediction, reference = random_pair(7)
    forth, back = case_metrics(prediction, reference), case_metrics(reference, prediction)
    for name in ("iou", "dice_f1", "hd95_pixels", "asd_pixels", "accuracy"):
        assert forth[name] == pytest.approx(back[name])
    assert forth["sensitivity"] == back["precision"]


def test_dice_follows_from_iou():
    values = case_metrics(*random_pair(3))
    assert values["dice_f1"] == pytest.approx(2 * values["iou"] / (1 + values["iou"]))


def test_a_perfect_prediction():
    prediction, _ = random_pair(1)
    values = case_metrics(prediction, prediction)
    assert (values.pop("hd95_pixels"), values.pop("asd_pixels")) == (0, 0)
    assert set(values.values()) == {1.0}


EMPTY, SOME, FULL = np.zeros((4, 5), dtype=bool), mask((4, 5), np.s_[0, 0:2]), np.ones((4, 5), dtype=bool)
NAN = math.nan


@pytest.mark.parametrize(
    ("reference", "prediction", "expected"),  # iou, dice, sensitivity, specificity, precision, accuracy, distance
    [
        pytest.param(EMPTY, EMPTY, (1, 1, NAN, 1, NAN, 1, NAN), id="both empty"),
        pytest.param(EMPTY, SOME, (0, 0, NAN, 0.9, 0, 0.9, NAN), id="nothing to find"),
        pytest.param(SOME, EMPTY, (0, 0, 0, 1, NAN, 0.9, NAN), id="nothing found"),
        pytest.param(FULL, SOME, (0.1, 4 / 22, 0.1, NAN, 1, 0.1, 2.0), id="no background"),
    ],
)
def test_empty_masks(reference, prediction, expected):
    values = case_metrics(prediction, reference)
    *rates, distance = expected
    names = ("iou", "dice_f1", "sensitivity", "specificity", "precision", "accuracy")
    assert [values[name] for name in names] == pytest.approx(rates, nan_ok=True)
    assert math.isnan(values["hd95_pixels"]) == math.isnan(distance)
    assert not any(math.isinf(value) for value in values.values())


def test_types_do_not_matter():
    prediction, reference = random_pair(5)
    expected = case_metrics(prediction, reference)
    assert case_metrics(torch.from_numpy(prediction), torch.from_numpy(reference).float()) == expected
    assert case_metrics(prediction.astype(np.uint8), reference.astype(np.float64)) == expected


@pytest.mark.parametrize(
    ("prediction", "reference", "spacing", "message"),
    [
        (EMPTY, EMPTY[:3], None, r"\(4, 5\) and \(3, 5\)"),
        (EMPTY * 255 + 255, EMPTY, None, "prediction .* 255 "),
        (EMPTY, EMPTY + 0.5, None, r"reference .* 0\.5 "),
        (EMPTY, EMPTY + NAN, None, "reference .* nan "),
        (EMPTY[None, None], EMPTY, None, r"prediction .*\(1, 1, 4, 5\)"),
        (EMPTY[:0], EMPTY, None, r"prediction .*\(0, 5\)"),
        (EMPTY, EMPTY, (1.0, 1.0, 1.0), r"2 axes; got \[1\.0, 1\.0, 1\.0\]"),
        (EMPTY, EMPTY, (1.0, 0.0), r"got \[1\.0, 0\.0\]"),
        (EMPTY, EMPTY, (1.0, NAN), r"got \[1\.0, nan\]"),
    ],
)
def test_refusals(prediction, reference, spacing, message):
    with pytest.raises(ValueError, match=message):
        case_metrics(prediction, reference, spacing)
