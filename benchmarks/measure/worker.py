"""A setting measured in a process of its own, which waits for its turn.

What is set for a whole process (memory kept by the allocator, threads, the pools of a runtime) cannot be changed back,
so that two settings of one process are never quite themselves.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from measure.clock import peak_memory, release_memory, seconds_of

#: does one piece of work, as large as the request says
Run = Callable[[Any], Any]
#: builds what does it; is sent to the other process, so that it is a class or function of a module
Prepare = Callable[[], Run]


class WorkerError(RuntimeError):
    """What went wrong in the other process, in one line."""


class Worker:
    """A process that prepares a piece of work and then does it as often as it is asked; ends with its `with` block.

    Args:
        prepare: builds the work there.
        cores: numbers of the processor cores that it may use; None: as many as this process.
        device: "cpu", or a CUDA device, whose own clock measures.
        repeats: calls that a time is the mean of, where one is too short.

    Raises:
        WorkerError: when the work cannot be prepared, and later when it fails.
    """

    def __init__(
        self, prepare: Prepare, *, cores: Sequence[int] | None = None, device: str = "cpu", repeats: int = 1
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, prepare, device, repeats))
        with _confined(cores):
            self._process.start()
        theirs.close()
        try:
            self._answer()  # prepared
        except WorkerError:
            self.close()
            raise

    def seconds(self, request: Any, *, warm_up: int = 0) -> float:
        """How long the work takes once, after doing it untimed a few times."""
        self.begin(request, warm_up=warm_up)
        return self.end()

    def begin(self, request: Any, *, warm_up: int = 0) -> None:
        """Have the work done, without waiting for it."""
        self._ask("seconds", (request, warm_up))

    def end(self) -> float:
        """Wait for the work that was begun; how long it took."""
        return float(self._answer())

    def result(self, request: Any) -> Any:
        """What the work gives."""
        self._ask("result", request)
        return self._answer()

    def call(self, function: Callable[[Run, Any], Any], request: Any) -> Any:
        """What a function of the work and a request gives there."""
        self._ask("call", (function, request))
        return self._answer()

    def rest(self) -> None:
        """Give memory that is kept for the next turn back to the system."""
        self._ask("rest", None)
        self._answer()

    def peak_memory(self) -> float:
        """The most memory that the process has held, or its share of a GPU, in MiB."""
        self._ask("peak", None)
        return float(self._answer())

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(timeout=20)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, what: str, about: Any) -> None:
        try:
            self._connection.send((what, about))
        except OSError as error:
            raise WorkerError("its process has ended") from error

    def _answer(self) -> Any:
        try:
            well, value = self._connection.recv()
        except (EOFError, OSError) as error:
            self._process.join(timeout=5)
            raise WorkerError(
                f"its process ended with {self._process.exitcode}; -9 is mostly a lack of memory"
            ) from error
        if not well:
            raise WorkerError(value)
        return value


def available_cores() -> list[int]:
    """Numbers of the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


@contextmanager
def _confined(cores: Sequence[int] | None) -> Iterator[None]:
    """Processes begun meanwhile use these cores alone, with a thread on each; every library keeps to that."""
    if cores is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    ours, threads = os.sched_getaffinity(0), os.environ.get("OMP_NUM_THREADS")
    os.sched_setaffinity(0, cores)
    os.environ["OMP_NUM_THREADS"] = str(len(cores))
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)
        if threads is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = threads


def _serve(connection: Connection, prepare: Prepare, device: str, repeats: int) -> None:
    """Answer requests until the other side is closed."""
    try:
        run = prepare()
    except Exception as error:
        connection.send((False, _one_line(error)))
        return
    connection.send((True, None))
    while True:
        try:
            what, about = connection.recv()
        except (EOFError, OSError):
            return
        try:
            value: Any = None
            if what == "seconds":
                request, warm_up = about
                value = seconds_of(run, request, device=device, warm_up=warm_up, repeats=repeats)
            elif what == "result":
                value = run(about)
            elif what == "call":
                function, request = about
                value = function(run, request)
            elif what == "rest":
                release_memory(device)
            else:
                value = peak_memory(device)
        except Exception as error:
            connection.send((False, _one_line(error)))
        else:
            connection.send((True, value))


def _one_line(error: Exception) -> str:
    """An error's first line with its kind, short enough for a table."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
