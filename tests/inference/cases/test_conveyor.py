"""Three steps at once: in order, one part ahead, and what fails is the case's own."""

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from srs_monai.inference.cases.conveyor import Conveyor, LoadPlan, Steps


class Numbers(Steps[int, tuple[int, int]]):
    """Cases are numbers of parts; a step fails where (case, step, part) says so. Counts parts that are held."""

    def __init__(
        self, fails: dict[tuple[int, str, int], BaseException] | None = None, alone: tuple[int, ...] = ()
    ) -> None:
        self.fails, self.alone = fails or {}, alone
        self.held, self.most = 0, 0
        self.finished: dict[int, list[int]] = {}
        self.log: list[tuple[str, int, int]] = []
        self.threads: dict[str, set[str]] = {"load": set(), "compute": set(), "finish": set()}
        self.slow: Callable[[str], float] = lambda step: 0.0
        self.first: Callable[[int, str], None] = lambda case, step: None

    def _step(self, step: str, case: int, part: int) -> None:
        self.threads[step].add(threading.current_thread().name)
        self.log.append((step, case, part))
        self.first(case, step)
        time.sleep(self.slow(step))
        if (case, step, part) in self.fails:
            raise self.fails[case, step, part]

    def plan(self, case: int) -> LoadPlan[tuple[int, int]]:
        return LoadPlan([partial(self._load, case, part) for part in range(case)], alone=case in self.alone)

    def _load(self, case: int, part: int) -> tuple[int, int]:
        self.held += 1
        self.most = max(self.most, self.held)
        self._step("load", case, part)
        return case, part

    def compute(self, case: int, part: tuple[int, int]) -> tuple[int, int]:
        assert part[0] == case
        self._step("compute", *part)
        return part

    def finish(self, case: int, part: tuple[int, int], last: bool) -> None:
        assert part[0] == case
        self._step("finish", *part)
        self.held -= 1
        self.finished.setdefault(case, []).append(part[1])
        assert last == (part[1] == case - 1)


def outcomes(steps: Numbers, cases: list[int]) -> list[object]:
    told = list(Conveyor(steps, cases))
    assert [outcome.case for outcome in told] == cases
    return [steps.finished[each.case] if each.error is None else str(each.error) for each in told]


def test_parts_and_cases_stay_in_order_and_each_step_has_a_thread() -> None:
    steps = Numbers()
    assert outcomes(steps, [3, 1, 2]) == [[0, 1, 2], [0], [0, 1]]
    names = [steps.threads[step] for step in ("load", "compute", "finish")]
    assert names[1] == {threading.current_thread().name}
    assert len(names[0] | names[1] | names[2]) == 3
    assert outcomes(Numbers(), []) == []


@pytest.mark.parametrize(("step", "meanwhile"), [("compute", "load"), ("finish", "load"), ("finish", "compute")])
def test_another_case_goes_on_while_one_is_in_a_step(step: str, meanwhile: str) -> None:
    steps, reached = Numbers(), threading.Event()

    def wait(case: int, name: str) -> None:
        if (case, name) == (2, meanwhile):
            reached.set()
        if (case, name) == (1, step):
            assert reached.wait(60)

    steps.first = wait
    assert outcomes(steps, [1, 2]) == [[0], [0, 1]]


@pytest.mark.parametrize("slowest", ["load", "compute", "finish"])
def test_no_more_than_one_part_waits_before_and_behind_what_is_computed(slowest: str) -> None:
    steps = Numbers()
    steps.slow = lambda step: 0.01 * (step == slowest)
    outcomes(steps, [10])
    assert steps.most <= 3  # one loaded ahead, one computed, one being finished


@pytest.mark.parametrize("step", ["load", "compute", "finish"])
@pytest.mark.parametrize("part", [0, 2])
def test_an_error_in_any_step_is_that_cases_and_no_more_of_it_is_made(step: str, part: int) -> None:
    steps = Numbers({(30, step, part): ValueError("broken")})
    assert outcomes(steps, [2, 30, 3]) == [[0, 1], "broken", [0, 1, 2]]
    assert max(number for name, case, number in steps.log if (name, case) == ("load", 30)) <= part + 3
    assert ("finish", 30, 29) not in steps.log


@pytest.mark.parametrize("step", ["load", "compute", "finish"])
def test_an_interruption_in_any_step_ends_the_run(step: str) -> None:
    steps = Numbers({(30, step, 1): KeyboardInterrupt()})
    before = threading.active_count()
    told = []
    with pytest.raises(KeyboardInterrupt):
        told.extend(outcome.case for outcome in Conveyor(steps, [2, 30, 3]))
    assert ("compute", 3, 0) not in steps.log
    assert ("finish", 3, 0) not in steps.log
    assert threading.active_count() == before


def test_who_stops_listening_stops_the_run() -> None:
    steps, before = Numbers(), threading.active_count()
    run = iter(Conveyor(steps, [1, 2, 50]))
    assert next(run).case == 1
    run.close()
    assert threading.active_count() == before
    assert ("finish", 50, 49) not in steps.log


def test_what_is_too_large_for_two_is_alone() -> None:
    steps = Numbers(alone=(3, 4))
    assert outcomes(steps, [2, 3, 4, 1]) == [[0, 1], [0, 1, 2], [0, 1, 2, 3], [0]]
    cases = [case for _, case, _ in steps.log]
    assert cases == [2] * 6 + [3] * 9 + [4] * 12 + [1] * 3


def test_seconds_add_up_to_the_run() -> None:
    begun = time.monotonic()
    seconds = [outcome.seconds for outcome in Conveyor(Numbers(), [1, 2])]
    assert all(each >= 0 for each in seconds)
    assert sum(seconds) <= time.monotonic() - begun
