"""The order of turns, what a failure leaves, and medians, quartiles and ratios by hand."""

from typing import Any

import pytest

from measure.turns import Spread, spread_names, take_turns, times_as_fast
from measure.worker import WorkerError


class Recorded:
    """Writes down when it is called; each call takes a second more than the one before."""

    def __init__(self, name: str, log: list[str], fails_at: int | None = None) -> None:
        self.name, self.log, self.fails_at, self.calls = name, log, fails_at, 0

    def seconds(self, request: Any, *, warm_up: int = 0) -> float:
        if self.calls == self.fails_at:
            raise WorkerError("out of memory")
        self.log.append(f"{self.name}{request}" + "w" * warm_up)
        self.calls += 1
        return float(self.calls)

    def rest(self) -> None:
        self.log.append(f"{self.name} rests")


def test_rounds_go_forwards_and_back() -> None:
    log: list[str] = []
    found = take_turns([Recorded(name, log) for name in "abc"], 8, rounds=3, pause=0)
    assert log == ["a8", "b8", "c8", *("a8", "b8", "c8"), *("c8", "b8", "a8"), *("a8", "b8", "c8")]
    assert [turns.seconds for turns in found] == [[2.0, 3.0, 4.0]] * 3  # the first call of each is not counted


def test_warm_up_before_all_and_before_each() -> None:
    log: list[str] = []
    found = take_turns([Recorded("a", log), Recorded("b", log)], 1, rounds=1, warm_up=3, rewarm=[0, 2], pause=0)
    assert log == ["a1ww", "b1ww", "a1", "b1ww"]
    assert [turns.seconds for turns in found] == [[2.0], [2.0]]


def test_without_warm_up_every_call_counts() -> None:
    log: list[str] = []
    (turns,) = take_turns([Recorded("a", log)], 1, rounds=2, warm_up=0, rest=True, pause=0)
    assert log == ["a1", "a rests", "a1", "a rests"]
    assert turns.seconds == [1.0, 2.0]


def test_a_failure_holds_up_no_other() -> None:
    log: list[str] = []
    found = take_turns([Recorded("a", log), Recorded("b", log, fails_at=2)], 1, rounds=3, pause=0)
    assert found[0].seconds == [2.0, 3.0, 4.0]
    assert found[1].seconds == []
    assert found[1].failure == "out of memory"
    assert log.count("b1") == 2


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
