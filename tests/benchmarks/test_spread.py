"""Medians, quartiles and ratios, by hand."""

import pytest

from measure.spread import Spread, spread_names, times_as_fast


def test_quartiles_lie_between_measured_values() -> None:
    assert Spread.of([4.0, 1.0, 2.0, 3.0]) == (2.5, 1.75, 3.25)
    assert Spread.of([7.0]) == (7.0, 7.0, 7.0)


def test_nothing_has_no_median() -> None:
    with pytest.raises(ValueError, match="at least one number, got none"):
        Spread.of([])


def test_columns_have_their_names() -> None:
    columns = Spread(2.0, 1.0, 3.0).columns("seconds")
    assert columns == {"seconds": 2.0, "seconds_lower": 1.0, "seconds_upper": 3.0}
    assert tuple(columns) == spread_names("seconds")


def test_a_ratio_is_of_one_round() -> None:
    # the second round was disturbed: of the medians, 6 / 2 would be 3
    assert times_as_fast([4.0, 20.0, 6.0], [2.0, 10.0, 2.0]) == (2.0, 2.0, 2.5)


def test_rounds_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="got 2 and 1 rounds"):
        times_as_fast([1.0, 2.0], [1.0])
