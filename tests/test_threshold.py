"""A threshold is a probability, and a matter of binary networks alone."""

import pytest

from srs_monai.threshold import binary_threshold


def test_several_classes_have_none() -> None:
    assert binary_threshold(0.3, 1) == 0.3
    assert binary_threshold(0.3, 4) is None


@pytest.mark.parametrize("threshold", [0, 1, 7, -0.5, float("nan")])
def test_it_lies_between_0_and_1(threshold: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1; got"):
        binary_threshold(threshold, 1)
