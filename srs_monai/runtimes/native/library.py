"""The kernels in machine code, compiled for this machine when they are first wanted."""

import ctypes
import functools
import subprocess
import tempfile
from pathlib import Path

from srs_monai.environment import cpp_compiler

SOURCE = Path(__file__).with_name("kernels.cpp")
# no -ffast-math: NaN has to come through
FLAGS = ("-O3", "-fno-trapping-math", "-fno-math-errno", "-march=native", "-fopenmp", "-fPIC", "-shared", "-std=c++17")


class Part(ctypes.Structure):
    """One of several images that lie side by side in channels, as the kernels take them."""

    _fields_ = (("data", ctypes.c_void_p), ("channels", ctypes.c_int32))


class Block(ctypes.Structure):
    """The packed weights of a residual block, as the kernels take them."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("kernel1", "bias1", "kernel2", "bias2", "fc1", "fc2", "positions")),
        *((name, ctypes.c_void_p) for name in ("shortcut", "shortcut_bias")),
        *((name, ctypes.c_int32) for name in ("channels", "stride", "hidden")),
    )


@functools.cache
def library() -> ctypes.CDLL:
    """The compiled kernels; compiled at the first call, in less than a few seconds, into a temporary folder.

    The machine code fits this machine's processor, so it is never kept for another one.

    Raises:
        ValueError: where there is no compiler, or it fails, or what it made cannot be loaded.
    """
    found = cpp_compiler()
    if found is None:
        raise ValueError(
            "the runtime 'native' is compiled on the machine that it runs on, but there is no C++ compiler here; "
            "install g++ or clang++, or name one in CXX, or take another runtime"
        )
    with tempfile.TemporaryDirectory(prefix="srs_monai_native_") as folder:
        target = Path(folder) / "kernels.so"
        command = [found, *FLAGS, "-o", str(target), str(SOURCE)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise ValueError(
                f"the runtime 'native' is compiled with {found}, which failed: {ended.stderr.strip()[:500]}; take "
                "another compiler by CXX, or another runtime"
            )
        try:
            kernels = ctypes.CDLL(str(target))
        except OSError as error:  # programs may not be run from every folder
            raise ValueError(
                f"the runtime 'native' is loaded from a temporary folder, but {target} cannot be: {error}; name "
                "another folder in TMPDIR, or take another runtime"
            ) from error
    kernels.node_room.restype = ctypes.c_int64
    return kernels
