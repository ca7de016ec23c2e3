"""Rows of one case: each label by hand, their mean, refusals."""

import math

import numpy as np
import pytest
import torch

from srs_monai.evaluation import Overlap, case_metrics, case_rows

LABELS = {1: "liver", 2: "spleen", 5: "kidney"}


@pytest.fixture
def reference():
    array = np.zeros((6, 6), dtype=np.uint8)
    array[0:2], array[4, 0:4] = 1, 2
    return array


@pytest.fixture
def prediction(reference):
    array = reference.copy()
    array[1] = 0  # half the liver is missed
    array[4, 4] = 2  # the spleen is one pixel too large
    return array


def test_rows_by_hand(prediction, reference):
    liver, spleen, kidney, mean = case_rows("p1", prediction, reference, labels=LABELS)
    assert [row.label for row in (liver, spleen, kidney, mean)] == ["liver", "spleen", "kidney", "mean"]
    assert {row.case for row in (liver, spleen, kidney, mean)} == {"p1"}
    assert (liver.values["iou"], spleen.values["iou"]) == pytest.approx((0.5, 0.8))
    assert mean.values["iou"] == pytest.approx(0.65)
    assert (liver.overlap, spleen.overlap) == (Overlap(tp=6, fp=0, fn=6), Overlap(tp=4, fp=1, fn=0))
    assert (kidney.overlap, mean.overlap) == (Overlap(0, 0, 0), None)


def test_a_label_that_neither_map_holds_is_no_case_of_it(prediction, reference):
    kidney, mean = case_rows("p1", prediction, reference, labels=LABELS)[2:]
    assert all(math.isnan(value) for value in kidney.values.values())
    assert mean.values["specificity"] == pytest.approx((1 + 31 / 32) / 2)
    nothing = case_rows("p2", 0 * prediction, 0 * reference, labels=LABELS)[-1]
    assert all(math.isnan(value) for value in nothing.values.values())


def test_a_label_that_one_map_holds_is_a_case_of_it(prediction, reference):
    prediction[5, 5] = 5
    kidney, mean = case_rows("p1", prediction, reference, labels=LABELS)[2:]
    assert kidney.values["iou"] == 0
    assert math.isnan(kidney.values["hd95_pixels"])
    assert mean.values["iou"] == pytest.approx(1.3 / 3)


def test_one_label_that_is_absent_was_rightly_not_found(reference):
    (row,) = case_rows("p1", 0 * reference, 0 * reference, labels={1: "lesion"})
    assert row.values["iou"] == 1


def test_without_labels_the_arrays_are_masks(prediction, reference):
    (row,) = case_rows("p1", prediction == 1, torch.from_numpy(reference == 1), spacing=(2.0, 2.0))
    assert row.label == "foreground"
    assert row.values == case_metrics(prediction == 1, reference == 1, (2.0, 2.0))


def test_one_label_needs_no_mean(prediction, reference):
    rows = case_rows("p1", prediction == 1, reference == 1, labels={1: "lesion"})
    assert [row.label for row in rows] == ["lesion"]


def test_the_original_definition_is_added(prediction, reference):
    (row,) = case_rows("p1", prediction == 2, reference == 2, original_definition=True)
    assert row.values["original_iou"] == pytest.approx(4.00001 / 5.00001, rel=1e-12)
    assert row.values["iou"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("labels", "original", "message"),
    [
        ({1: "liver", 2: "liver"}, False, r"\['liver', 'liver'\]"),
        ({1: "mean", 2: "liver"}, False, r"\['mean', 'liver'\]"),
        ({0: "background", 1: "liver"}, False, "got {0: 'background', 1: 'liver'}"),
        ({}, False, "got {}"),
        ({"1": "liver"}, False, "got {'1': 'liver'}"),
        ({1: "liver"}, False, "p1: .*prediction .* 2"),
        (LABELS, True, r"got \[.*\]; set original_definition"),
        (None, False, "p1: .*prediction .* 2"),
    ],
)
def test_refusals(prediction, reference, labels, original, message):
    with pytest.raises(ValueError, match=message):
        case_rows("p1", prediction, reference, labels=labels, original_definition=original)
