"""A setting measured in a process of its own, which waits for its turn; its time and its memory.

Some settings hold for a whole process: memory that the allocator keeps, threads, the pools of a runtime. They cannot be
changed back, so two settings never share a process.
"""

import ctypes
import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

#: does one piece of work, as large as the request says
Run = Callable[[Any], Any]
#: builds the work; it is sent to the other process, so it must be a class or function of a module
Prepare = Callable[[], Run]


class WorkerError(RuntimeError):
    """An error of the other process, in one line."""


class Worker:
    """A process that prepares a piece of work and then does it as often as it is asked; ends with its `with` block.

    Args:
        prepare: builds the work there.
        cores: numbers of the processor cores that it may use; None: as many as this process.
        device: "cpu", or a CUDA device, whose own clock measures.
        repeats: number of calls whose mean is one measured time; for calls that are too short.

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
    """Let processes that start within the block use these cores only, with one thread on each."""
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


MIB = 1 << 20


def seconds_of(
    run: Callable[[Any], Any], request: Any, *, device: str = "cpu", warm_up: int = 0, repeats: int = 1
) -> float:
    """How long run(request) takes once: the mean of `repeats` calls, after `warm_up` calls that are not counted.

    On a GPU, between two events of its own stream: calls there return before the work is done.
    """
    for _ in range(warm_up):
        run(request)
    if not device.startswith("cuda"):
        start = time.perf_counter()
        for _ in range(repeats):
            run(request)
        return (time.perf_counter() - start) / repeats
    import torch

    with torch.cuda.device(device):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()
        begin.record()
        for _ in range(repeats):
            run(request)
        end.record()
        torch.cuda.synchronize()
        return float(begin.elapsed_time(end)) / 1e3 / repeats


def peak_memory(device: str = "cpu") -> float:
    """The most memory that this process has held, in MiB: main memory, or on a GPU that of PyTorch."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.max_memory_allocated(device) / MIB
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage's number includes the process that started this one
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MIB if sys.platform == "darwin" else peak / 1024


def release_memory(device: str = "cpu") -> None:
    """Give free memory back to the system, for the process whose turn comes next."""
    gc.collect()
    if device.startswith("cuda"):
        import torch

        torch.cuda.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
