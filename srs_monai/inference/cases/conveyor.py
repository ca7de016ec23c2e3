"""Three steps at a time: while one part of a case is computed, the next is loaded and the one before is finished."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

Case = TypeVar("Case")
Part = TypeVar("Part")


@dataclass(frozen=True)
class LoadPlan(Generic[Part]):
    """How a case is loaded.

    Args:
        parts: one function for each part, at least one, called in this order.
        alone: the parts are too large to hold those of another case beside them.
    """

    parts: Sequence[Callable[[], Part]]
    alone: bool = False


class Steps(ABC, Generic[Case, Part]):
    """What is done with a case. An error in a step fails this case only."""

    @abstractmethod
    def plan(self, case: Case) -> LoadPlan[Part]:
        """Look at a case, in the loading thread. Its parts are loaded in the same thread."""

    @abstractmethod
    def compute(self, case: Case, part: Part) -> Part:
        """Work on one part, in the thread of the caller."""

    @abstractmethod
    def finish(self, case: Case, part: Part, last: bool) -> None:
        """Take one computed part, and after the last one write the results, in the finishing thread."""


@dataclass(frozen=True)
class Outcome(Generic[Case]):
    """The end of a case: its error if it failed, and the seconds since the end of the case before it."""

    case: Case
    error: Exception | None
    seconds: float


@dataclass
class _Run(Generic[Case]):
    """A case in progress; `over` when its outcome is known, so that its other parts are skipped."""

    case: Case
    over: bool = False


@dataclass(frozen=True)
class _Loaded(Generic[Case, Part]):
    """A part of a case, or the error that prevented it."""

    run: _Run[Case]
    part: Part | Exception
    last: bool


class _Sign(Enum):
    """What the loading thread gives between parts."""

    WAIT = "finish what came before, then ask for the next part"
    END = "there are no more parts"


class Conveyor(Generic[Case, Part]):
    """Runs the three steps of cases in three threads, in the order of the cases.

    While a part is computed, at most one part is loaded ahead and at most one is being finished. A case that is `alone`
    is loaded after all cases before it are finished, and the next case is loaded after it is finished.

    An error that is not an `Exception`, such as Ctrl-C, ends the run in every step: running calls return, and nothing
    else begins. Results of a case are therefore written completely or not at all.

    MONAI's `ThreadBuffer` cannot replace this class: it swallows the errors of its source, holds two parts ahead, and
    has no third step.

    Args:
        steps: what is done with a case.
        cases: all cases.
    """

    def __init__(self, steps: Steps[Case, Part], cases: Sequence[Case]) -> None:
        self._steps, self._cases = steps, cases
        self._finishing: tuple[_Run[Case], bool, Future[float]] | None = None
        self._last_end = 0.0

    def __iter__(self) -> Generator[Outcome[Case], None, None]:
        """The outcomes of the cases, in their order."""
        loader, finisher = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        parts, self._last_end = self._load(), time.monotonic()
        try:
            ahead = loader.submit(next, parts, _Sign.END)
            while (loaded := ahead.result()) is not _Sign.END:
                if loaded is _Sign.WAIT:
                    yield from self._finished()
                ahead = loader.submit(next, parts, _Sign.END)
                if isinstance(loaded, _Loaded):
                    yield from self._work(loaded, finisher)
                del loaded  # frees its memory before waiting for the next part
            yield from self._finished()
        finally:
            for pool in (loader, finisher):
                pool.shutdown(cancel_futures=True)

    def _load(self) -> Iterator[_Loaded[Case, Part] | _Sign]:
        """All parts of all cases, in the loading thread."""
        for case in self._cases:
            run = _Run(case)
            try:
                plan = self._steps.plan(case)
                if plan.alone:
                    yield _Sign.WAIT
                for number, load in enumerate(plan.parts, 1):
                    if not run.over:
                        yield _Loaded(run, load(), last=number == len(plan.parts))
                if plan.alone:
                    yield _Sign.WAIT
            except Exception as error:
                yield _Loaded(run, error, last=True)

    def _work(self, loaded: _Loaded[Case, Part], finisher: ThreadPoolExecutor) -> Iterator[Outcome[Case]]:
        """Compute a part and hand it on; gives the outcomes that become known."""
        run = loaded.run
        if run.over:
            return
        computed = self._compute(loaded)
        yield from self._finished()
        if run.over:
            return
        if isinstance(computed, Exception):
            yield self._outcome(run, computed, time.monotonic())
        else:
            self._finishing = run, loaded.last, finisher.submit(self._finish, run.case, computed, loaded.last)

    def _compute(self, loaded: _Loaded[Case, Part]) -> Part | Exception:
        """The computed part, or the error with which it was loaded or computed."""
        if isinstance(loaded.part, Exception):
            return loaded.part
        try:
            return self._steps.compute(loaded.run.case, loaded.part)
        except Exception as error:
            return error

    def _finish(self, case: Case, part: Part, last: bool) -> float:
        """Finish a part, in the finishing thread; the time when it ended."""
        self._steps.finish(case, part, last)
        return time.monotonic()

    def _finished(self) -> Iterator[Outcome[Case]]:
        """Wait until the part handed on last is finished; gives the outcome of its case if it becomes known."""
        if self._finishing is None:
            return
        (run, last, finishing), self._finishing = self._finishing, None
        try:
            end = finishing.result()
        except Exception as error:
            yield self._outcome(run, error, time.monotonic())
        else:
            if last:
                yield self._outcome(run, None, end)

    def _outcome(self, run: _Run[Case], error: Exception | None, end: float) -> Outcome[Case]:
        run.over, before, self._last_end = True, self._last_end, end
        return Outcome(run.case, error, end - before)
