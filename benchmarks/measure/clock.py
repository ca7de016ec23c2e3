"""Time and memory of this process, on its processor or on a GPU."""

import ctypes
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    """The most memory that this process has held, in MiB: of its own, or on a GPU what PyTorch has held there."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.max_memory_allocated(device) / MIB
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage's number takes in the process that began this one
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MIB if sys.platform == "darwin" else peak / 1024


def release_memory(device: str = "cpu") -> None:
    """Give free memory back to the system, for the process whose turn it is."""
    gc.collect()
    if device.startswith("cuda"):
        import torch

        torch.cuda.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
