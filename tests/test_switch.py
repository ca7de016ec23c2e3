"""Switches mean what they say, from a file or a command line."""

import pytest

from srs_monai.switch import on


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False), ("true", True), ("False", False)])
def test_words_mean_what_they_say(value: bool | str, expected: bool) -> None:
    assert on(value) is expected


@pytest.mark.parametrize("value", ["yes", "", 1, None])
def test_other_words_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="true or false; got"):
        on(value)  # type: ignore[arg-type]
