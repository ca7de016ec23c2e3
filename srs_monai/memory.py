"""Memory that a process keeps instead of giving it back to the system at every turn."""

import ctypes
import sys

# of glibc's malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_TOP_PAD = 64 * 2**20  # bytes taken from the system at a time


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
