"""Settings in processes of their own."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from measure.worker import Worker, WorkerError, available_cores, peak_memory, release_memory, seconds_of


def doubling() -> Callable[[int], Any]:
    return partial(_double, os.getpid())


def _double(process: int, number: int) -> tuple[int, int]:
    if number < 0:
        raise ValueError("a number of at least 0\nand more")
    return process, 2 * number


def surroundings() -> Callable[[Any], Any]:
    return lambda _: (available_cores(), os.environ.get("OMP_NUM_THREADS"))


def impossible() -> Callable[[Any], Any]:
    raise ValueError("it cannot be built")


def ending() -> Callable[[Any], Any]:
    return os._exit


def ask_twice(run: Callable[[int], Any], number: int) -> list[Any]:
    return [run(number)[1], run(number)[1]]


def test_work_is_done_elsewhere() -> None:
    with Worker(doubling) as worker:
        process, result = worker.result(21)
        assert (process != os.getpid(), result) == (True, 42)
        assert worker.call(ask_twice, 4) == [8, 8]
        assert 0 < worker.seconds(1, warm_up=2) < 10
        assert worker.peak_memory() > 1
        worker.rest()
        with pytest.raises(WorkerError, match=r"^ValueError: a number of at least 0$"):
            worker.result(-1)
        assert worker.result(1)[1] == 2  # it goes on


def test_a_process_keeps_to_its_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    ours = available_cores()
    with Worker(surroundings, cores=ours[-1:]) as worker:
        assert worker.result(None) == (ours[-1:], "1")
    assert available_cores() == ours
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_what_cannot_be_prepared_says_why() -> None:
    with pytest.raises(WorkerError, match="ValueError: it cannot be built"):
        Worker(impossible)


def test_a_process_that_ends_is_noticed() -> None:
    with Worker(ending) as worker:
        with pytest.raises(WorkerError, match="its process ended with 3"):
            worker.result(3)
        with pytest.raises(WorkerError, match="its process"):
            worker.result(3)


def test_a_time_is_the_mean_of_calls() -> None:
    calls: list[int] = []
    assert seconds_of(calls.append, 5, warm_up=2, repeats=3) < 1
    assert calls == [5] * 5


def test_memory_of_this_process() -> None:
    before = peak_memory()
    held = bytearray(64 << 20)
    assert peak_memory() >= before
    assert peak_memory() > len(held) / (1 << 20)
    release_memory()
