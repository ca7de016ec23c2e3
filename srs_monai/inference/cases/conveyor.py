"""Cases in three steps at once: while one part of a case is computed, the next is loaded and the last finished."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

Case = TypeVar("Case")
Part = TypeVar("Part")
Result = TypeVar("Result")


class Steps(ABC, Generic[Case, Part, Result]):
    """What is done with a case; what a step raises is that case's, and the others go on."""

    @abstractmethod
    def load(self, case: Case, alone: Callable[[], None]) -> Iterator[Part]:
        """The parts of a case, in a thread of its own; `alone()` waits until all cases before are finished, and lets
        no other begin before this one is: for parts too large to have two of."""

    @abstractmethod
    def compute(self, case: Case, part: Part) -> Part:
        """Work on one part, in the thread of the caller."""

    @abstractmethod
    def finish(self, case: Case, parts: Iterator[Part]) -> Result:
        """Take the parts of a case and give its result, in a thread of its own."""


@dataclass(frozen=True)
class Outcome(Generic[Case, Result]):
    """What became of a case: its result, or the error; and the seconds since the case before was computed."""

    case: Case
    result: Result | None
    error: Exception | None
    seconds: float


class _Stopped(Exception):
    """The run ends before its cases do."""


@dataclass(frozen=True)
class _End:
    """Stands behind the parts of a case; with what went wrong before, if anything did."""

    error: BaseException | None = None


class _Handover(Generic[Part]):
    """Passes one thing at a time: the next may be made when the last was taken."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Part | _End] = SimpleQueue()
        self._room = threading.Semaphore(1)
        self._stopped = False

    def wait_for_room(self) -> None:
        self._room.acquire()
        if self._stopped:
            raise _Stopped

    def put(self, thing: Part | _End) -> None:
        self._queue.put(thing)

    def take(self) -> Part | _End:
        thing = self._queue.get()
        if self._stopped:
            raise _Stopped
        self._room.release()
        return thing

    def stop(self) -> None:
        """Whoever waits, or would, is told that the run has ended."""
        self._stopped = True
        self._room.release()
        self._queue.put(_End())


class _Parts(Generic[Part]):
    """The parts of one case, up to its end."""

    def __init__(self, handover: _Handover[Part]) -> None:
        self._handover, self._ended = handover, False

    def __iter__(self) -> Iterator[Part]:
        return self

    def __next__(self) -> Part:
        if self._ended:
            raise StopIteration
        part = self._handover.take()
        if not isinstance(part, _End):
            return part
        self._ended = True
        raise part.error or StopIteration

    def skip_rest(self) -> None:
        while not self._ended:
            self._ended = isinstance(self._handover.take(), _End)


class Conveyor(Generic[Case, Part, Result]):
    """Runs the steps of cases, one after the other in each step, at most one part ahead.

    An error that is no `Exception`, as Ctrl-C is, ends the run wherever it arises: what is being finished then is
    finished, and nothing else is begun.

    Args:
        steps: of a case.
        cases: in their order.
    """

    def __init__(self, steps: Steps[Case, Part, Result], cases: Sequence[Case]) -> None:
        self._steps, self._cases = steps, cases
        self._loaded, self._computed = _Handover[Part](), _Handover[Part]()
        self._outcomes: SimpleQueue[tuple[Result | None, BaseException | None]] = SimpleQueue()
        self._given_up: set[int] = set()  # cases of which no more parts are wanted
        self._failed: dict[int, Exception] = {}
        self._begun: list[float] = []
        self._turn = threading.Condition()
        self._finished, self._alone, self._stopped = 0, False, False

    def __iter__(self) -> Generator[Outcome[Case, Result], None, None]:
        """What became of each case, in their order, as soon as it is known."""
        threads = [threading.Thread(target=work, daemon=True) for work in (self._load_all, self._finish_all)]
        for thread in threads:
            thread.start()
        told = 0
        try:
            for _ in self._compute_all():
                while not self._outcomes.empty():
                    yield self._outcome(told)
                    told += 1
            while told < len(self._cases):
                yield self._outcome(told)
                told += 1
        finally:
            with self._turn:
                self._stopped = True
                self._turn.notify_all()
            self._loaded.stop()
            self._computed.stop()
            for thread in threads:
                thread.join()

    def _outcome(self, number: int) -> Outcome[Case, Result]:
        result, error = self._outcomes.get()
        if error is not None and not isinstance(error, Exception):
            raise error
        return Outcome(self._cases[number], result, error, time.monotonic() - self._begun[number])

    def _compute_all(self) -> Iterator[None]:
        """Compute the parts of all cases as they come, and hand them on; yields after each."""
        try:
            for number, case in enumerate(self._cases):
                self._begun.append(time.monotonic())
                while self._compute(number, case):
                    yield
                yield
        except _Stopped:  # what ended the run is the next outcome
            return

    def _compute(self, number: int, case: Case) -> bool:
        """One part of a case; False when it was the last."""
        part = self._loaded.take()
        if isinstance(part, _End):
            failed = self._failed.pop(number, None)
            self._computed.wait_for_room()
            self._computed.put(part if failed is None else _End(failed))
            return False
        if number not in self._given_up:
            try:
                computed = self._steps.compute(case, part)
            except Exception as error:
                self._failed[number] = error
                self._given_up.add(number)
            else:
                del part  # its memory goes before the next one is waited for
                self._computed.wait_for_room()
                self._computed.put(computed)
        return True

    def _load_all(self) -> None:
        try:
            for number, case in enumerate(self._cases):
                with self._turn:
                    self._turn.wait_for(lambda: self._stopped or not self._alone)
                self._load(number, case)
        except _Stopped:
            pass

    def _load(self, number: int, case: Case) -> None:
        end = _End()
        self._loaded.wait_for_room()
        try:
            for part in self._steps.load(case, lambda: self._wait_alone(number)):
                self._loaded.put(part)
                del part
                self._loaded.wait_for_room()
                if number in self._given_up:
                    break
        except _Stopped:
            raise
        except BaseException as error:
            end = _End(error)
        self._loaded.put(end)
        if end.error is not None and not isinstance(end.error, Exception):
            raise _Stopped  # it ends the run: no other case is begun

    def _wait_alone(self, number: int) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._stopped or self._finished == number)
            if self._stopped:
                raise _Stopped
            self._alone = True

    def _finish_all(self) -> None:
        try:
            for case in self._cases:
                if not self._finish(case):
                    self._loaded.stop()
                    self._computed.stop()
                    return
        except _Stopped:
            pass

    def _finish(self, case: Case) -> bool:
        """Finish a case; False when the run ends by it."""
        parts = _Parts(self._computed)
        result: Result | None = None
        failed: BaseException | None = None
        try:
            result = self._steps.finish(case, parts)
        except _Stopped:
            raise
        except BaseException as error:
            failed = error
        if failed is None or isinstance(failed, Exception):
            self._given_up.add(self._finished)
            parts.skip_rest()
        with self._turn:
            self._finished, self._alone = self._finished + 1, False
            self._turn.notify_all()
        self._outcomes.put((result, failed))
        return failed is None or isinstance(failed, Exception)
