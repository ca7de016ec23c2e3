"""The release's metrics: values by hand, and what it makes of empty masks."""

import numpy as np
import pytest

from srs_monai.evaluation import case_metrics, original_metrics

EMPTY, FULL = np.zeros((4, 5), dtype=bool), np.ones((4, 5), dtype=bool)


def values(prediction, reference):
    return list(original_metrics(prediction, reference).values())


def test_names():
    names = list(original_metrics(EMPTY, EMPTY))
    assert names == ["original_iou", "original_f1", "original_sensitivity", "original_precision"]


def test_values_by_hand():
    prediction, reference = EMPTY.copy(), EMPTY.copy()
    prediction[0:2, 0:3], reference[1:3, 0:4] = True, True  # 6 and 8 pixels, 3 shared
    sensitivity, precision = 3 / 8.000001, 3 / 6.000001
    f1 = 2 * sensitivity * precision / (sensitivity + precision + 1e-6)
    expected = [3.00001 / 11.00001, f1, sensitivity, precision]
    assert values(prediction, reference) == pytest.approx(expected, rel=1e-12)


def test_an_empty_reference_counts_as_all_foreground():
    assert values(EMPTY, EMPTY) == [1, 0, 0, 0]
    assert values(FULL, EMPTY) == pytest.approx([0, 1, 1, 1], abs=2e-6)


def test_close_to_the_plain_definition_elsewhere():
    rng = np.random.default_rng(0)
    prediction, reference = rng.random((64, 64)) < 0.3, rng.random((64, 64)) < 0.4
    plain = case_metrics(prediction, reference)
    expected = [plain[name] for name in ("iou", "dice_f1", "sensitivity", "precision")]
    assert values(prediction, reference) == pytest.approx(expected, abs=1e-5)
