"""Where a network's time goes."""

from typing import Any

import torch
from torch._C._autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from measure.worker import Run


def most_expensive(run: Run, request: tuple[Any, str]) -> str:
    """The three kernels of a GPU, or operations of PyTorch on a CPU, that take most of the time, with their shares.

    Args:
        run: the work.
        request: what the work is asked, and the device.
    """
    about, device = request
    cuda = device.startswith("cuda")
    run(about)
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]) as profiler:
        run(about)
        if cuda:
            torch.cuda.synchronize(device)
    events = profiler.key_averages()
    if not cuda:
        return shares({event.key: float(event.self_cpu_time_total) for event in events})
    # an operation's row has the time of its kernels, too
    kernels = [event for event in events if event.device_type == DeviceType.CUDA]
    return shares({event.key: float(event.self_device_time_total) for event in kernels})


def shares(times: dict[str, float], count: int = 3) -> str:
    """The largest of the named times, with their percent of the sum: "a 60 %; b 30 %"."""
    whole = sum(times.values()) or 1.0
    largest = sorted(times, key=lambda name: -times[name])[:count]
    return "; ".join(f"{name[:80]} {100 * times[name] / whole:.0f} %" for name in largest if times[name] > 0)
