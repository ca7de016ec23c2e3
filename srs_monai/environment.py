"""Facts about this machine: packages and their versions, a C++ compiler, and whether torch.compile works."""

import functools
import os
import platform
import shlex
import shutil
import sysconfig
import tempfile
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from srs_monai import __version__
from srs_monai.errors import one_line, root_cause

#: the extra of srs_monai that installs each optional package
EXTRAS = {"onnx": "onnx", "onnxruntime": "onnx", "openvino": "openvino", "torch_tensorrt": "tensorrt"}

#: why something cannot be compiled; follows its name in a sentence
NO_COMPILER = "needs a C++ compiler, and none is installed: install g++ or clang++, or name one in CXX"

_RESULTS_DEPEND_ON = ("torch", "monai", "numpy", "nibabel", "pydicom", "highdicom")
_COMPILERS = ("g++", "clang++", "c++")
_LONGEST = 300  # characters in a compiler's message


def package_version(name: str) -> str | None:
    """The version of a package; None if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def software_versions(*further: str) -> dict[str, str]:
    """The versions of Python, of srs_monai, and of the packages on which results depend."""
    names = (*_RESULTS_DEPEND_ON, *further)
    return {"srs_monai": __version__, "python": platform.python_version(), **{name: version(name) for name in names}}


def require(name: str) -> ModuleType:
    """Import an optional package.

    Raises:
        ValueError: with the command that installs it, if it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ValueError(
            f"this needs the package {name}, which cannot be imported ({error}); run "
            f"pip install 'srs_monai[{EXTRAS[name]}]'"
        ) from error


def cpp_compiler() -> str | None:
    """The path of the C++ compiler in the variable CXX, else of the first installed one of g++, clang++ and c++."""
    named = os.environ.get("CXX")
    return next(filter(None, map(shutil.which, [named] if named else _COMPILERS)), None)


def cannot_compile(device: str | torch.device) -> str:
    """Why torch.compile does not work for a device of this machine, and the way out; empty if it works.

    A missing compiler is found by name. Otherwise a small function is compiled and run, once in a process for each type
    of device. That takes some seconds, or less if torch still has the result of an earlier compilation.

    Returns:
        A text that follows "torch.compile" in a sentence, such as "needs triton, which is not installed: pip install
        triton".
    """
    kind = torch.device(device).type
    if os.name == "posix" and cpp_compiler() is None:
        return NO_COMPILER
    if kind == "cuda" and find_spec("triton") is None:
        return "needs triton, which is not installed: pip install triton"
    return _compile_fault(kind)


@functools.cache
def _compile_fault(kind: str) -> str:
    try:
        torch.compile(_small)(torch.ones(16, device=kind))
    except Exception as error:  # torch, a compiler, a linker or a driver may raise anything
        return f"{_likely_cause(kind)} ({_compiler_message(error)})"
    return ""


def _small(values: Tensor) -> Tensor:
    return (values + 1).sin()


def _likely_cause(kind: str) -> str:
    """The likely cause of a fault. A common one: torch passes its folders to compiler and linker without quotes."""
    causes = []
    environment = [str(Path(torch.__file__).parent), str(sysconfig.get_config_var("LIBDIR"))]
    if unsafe := [folder for folder in environment if _needs_quotes(folder)]:
        causes.append(
            f"cannot link with {unsafe[0]}, since it does not quote the path: create the Python environment in a "
            "folder whose path has no spaces or quotes"
        )
    cache = os.environ.get("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())
    if _needs_quotes(cache):
        causes.append(
            f"cannot compile in {cache}, since it does not quote the path: name a folder without spaces or quotes in "
            "TORCHINDUCTOR_CACHE_DIR"
        )
    usual = f"fails here on {kind}: install g++, and for a GPU triton, or name another compiler in CXX"
    return ", and ".join(causes) or usual


def _needs_quotes(path: str) -> bool:
    """Whether a shell would change or split this path if it is not quoted."""
    try:
        return shlex.split(path) != [path]
    except ValueError:  # an unpaired quote
        return True


def _compiler_message(error: BaseException) -> str:
    """The compiler's message about the fault, or torch's message if there is none."""
    text = str(root_cause(error))
    output = text.partition("\nOutput:\n")[2].strip().splitlines()
    fault = next((line for line in output if "error" in line or "cannot" in line), output[0] if output else "")
    return one_line(fault or text.split("\n\n")[0])[:_LONGEST]
