"""The device for computations, networks placed on it, and memory that the process keeps."""

import ctypes
import sys

import torch
from torch import nn

# constants from malloc.h of glibc
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_TOP_PAD = 64 * 2**20  # bytes, requested from the system at once


def pick_device(name: str | torch.device = "auto") -> torch.device:
    """The device with this name; "auto" is the GPU if there is one, else the CPU.

    Raises:
        ValueError: for an invalid name, or a device that this machine does not have.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device must be auto, cpu, cuda or cuda:NUMBER; got {name!r}; choose one of them") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device must exist, but {device} does not: PyTorch sees {torch.cuda.device_count()} GPUs; use auto or cpu"
        )
    return device


def place(network: nn.Module, device: str | torch.device = "auto", channels_last: bool = False) -> nn.Module:
    """Move a network to its device, with the weights of its convolutions in the requested memory layout."""
    if channels_last:
        # one by one, since a bank of kernels for pictures has as many axes as a kernel for volumes
        for part in network.modules():
            if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
                part.weight.data = part.weight.data.contiguous(memory_format=torch.channels_last)
            elif isinstance(part, nn.Conv3d | nn.ConvTranspose3d):
                part.weight.data = part.weight.data.contiguous(memory_format=torch.channels_last_3d)
    return network.to(device=pick_device(device))


def keep_freed_memory() -> bool:
    """Let the process keep freed memory for later allocations.

    With glibc on Linux, a large tensor is mapped at its creation and unmapped when it is freed. So the system fills its
    pages with zeros each time, which can be more than half of a training step on a CPU. With this setting, a process
    grows to its peak and stays there.

    Returns:
        Whether the setting is active: False for another C library, or if it fails.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"):
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, -1), (_M_TOP_PAD, _TOP_PAD))
    return all(bool(mallopt(name, value)) for name, value in settings)
