"""Switches mean what they say, from a file or a command line; a threshold is a probability."""

import pytest

from srs_monai.config.values import Switches, binary_threshold, switch


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), ("true", True), ("False", False)])
def test_words_mean_what_they_say(value: bool | str, expected: bool) -> None:
    assert switch(value) is expected
    assert Switches(one=value).one is expected


@pytest.mark.parametrize("value", ["yes", "", 1, None])
def test_other_words_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match=f"one .*got {value!r}"):
        Switches(other=True, one=value)  # type: ignore[arg-type]


def test_several_classes_have_none() -> None:
    assert binary_threshold(0.3, 1) == 0.3
    assert binary_threshold(0.3, 4) is None


@pytest.mark.parametrize("threshold", [0, 1, 7, -0.5, float("nan")])
def test_it_lies_between_0_and_1(threshold: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1; got"):
        binary_threshold(threshold, 1)
