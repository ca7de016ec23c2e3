"""The kernels as machine code, compiled for this machine at first use."""

import ctypes
import functools
import subprocess
import tempfile
from pathlib import Path

from srs_monai.environment import cpp_compiler

SOURCE = Path(__file__).with_name("kernels.cpp")
# no -ffast-math: NaN must be kept
FLAGS = ("-O3", "-fno-trapping-math", "-fno-math-errno", "-march=native", "-fopenmp", "-fPIC", "-shared", "-std=c++17")


class Part(ctypes.Structure):
    """One of several images that are joined by channel, in the form of the kernels."""

    _fields_ = (("data", ctypes.c_void_p), ("channels", ctypes.c_int32))


class Block(ctypes.Structure):
    """The packed weights of a residual block, in the form of the kernels."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("kernel1", "bias1", "kernel2", "bias2", "fc1", "fc2", "positions")),
        *((name, ctypes.c_void_p) for name in ("shortcut", "shortcut_bias")),
        *((name, ctypes.c_int32) for name in ("channels", "stride", "hidden")),
    )


@functools.cache
def library() -> ctypes.CDLL:
    """The kernels. The first call compiles them in a few seconds, into a temporary folder.

    The machine code fits the processor of this machine only, so it is not stored.

    Raises:
        ValueError: if there is no compiler, the compiler fails, or its result cannot be loaded.
    """
    found = cpp_compiler()
    if found is None:
        raise ValueError(
            "the runtime 'native' needs a C++ compiler on this machine, but none is installed; install g++ or clang++, "
            "name one in CXX, or use another runtime"
        )
    with tempfile.TemporaryDirectory(prefix="srs_monai_native_") as folder:
        target = Path(folder) / "kernels.so"
        command = [found, *FLAGS, "-o", str(target), str(SOURCE)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise ValueError(
                f"the runtime 'native' is compiled with {found}, which failed: {ended.stderr.strip()[:500]}; name "
                "another compiler in CXX, or use another runtime"
            )
        try:
            kernels = ctypes.CDLL(str(target))
        except OSError as error:  # some folders do not allow programs
            raise ValueError(
                f"the runtime 'native' must load {target}, which failed: {error}; name another temporary folder in "
                "TMPDIR, or use another runtime"
            ) from error
    kernels.node_room.restype = ctypes.c_int64
    return kernels
