"""Which device computes, networks placed on it, and memory that the process keeps."""

import ctypes
import sys

import torch
from torch import nn

# of glibc's malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_TOP_PAD = 64 * 2**20  # bytes taken from the system at a time


def pick_device(name: str | torch.device = "auto") -> torch.device:
    """The device of this name; "auto" is the GPU when there is one, else the CPU.

    Raises:
        ValueError: when there is no such device on this machine.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device is auto, cpu, cuda or cuda:NUMBER; got {name!r}") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device {device} is not there: PyTorch sees {torch.cuda.device_count()} GPUs; use device auto or cpu"
        )
    return device


def place(network: nn.Module, device: str | torch.device = "auto", channels_last: bool = False) -> nn.Module:
    """Move a network to its device, with weights in the memory layout that its convolutions run fastest in."""
    if channels_last:
        # one by one: a bank of kernels for pictures has as many axes as a volume's kernel
        for part in network.modules():
            if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
                part.weight.data = part.weight.data.contiguous(memory_format=torch.channels_last)
            elif isinstance(part, nn.Conv3d | nn.ConvTranspose3d):
                part.weight.data = part.weight.data.contiguous(memory_format=torch.channels_last_3d)
    return network.to(device=pick_device(device))


def keep_freed_memory() -> bool:
    """Let the process keep the memory that it frees, for what it allocates next.

    On Linux with glibc, a large tensor is mapped when it is made and given back when it is freed, so that the system
    fills its pages with zeros each time: of a training step on a CPU that can be more than half. A process grows to its
    peak and stays there.

    Returns:
        Whether it does so now: False where the C library is another one, or cannot.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"):
        return False
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, -1), (_M_TOP_PAD, _TOP_PAD))
    return all(bool(mallopt(name, value)) for name, value in settings)
