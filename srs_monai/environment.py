"""What this machine offers: packages and their versions, a C++ compiler, and torch.compile."""

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

#: the extra of this package that installs each optional package
EXTRAS = {"onnx": "onnx", "onnxruntime": "onnx", "openvino": "openvino", "torch_tensorrt": "tensorrt"}

#: why nothing can be compiled, after the name of what would be
NO_COMPILER = "needs a C++ compiler, and there is none here: install g++ or clang++, or name one in CXX"

_RESULTS_DEPEND_ON = ("torch", "monai", "numpy", "nibabel", "pydicom", "highdicom")
_COMPILERS = ("g++", "clang++", "c++")
_LONGEST = 300  # characters of a compiler's message


def package_version(name: str) -> str | None:
    """The version of an installed package; None when it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def software_versions(*further: str) -> dict[str, str]:
    """The versions of Python, of this package and of the packages that results depend on."""
    names = (*_RESULTS_DEPEND_ON, *further)
    return {"srs_monai": __version__, "python": platform.python_version(), **{name: version(name) for name in names}}


def require(name: str) -> ModuleType:
    """Import an optional package.

    Raises:
        ValueError: with the command that installs it, where it is not there.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ValueError(
            f"this needs the package {name}, which cannot be imported ({error}); install it by "
            f"pip install 'srs_monai[{EXTRAS[name]}]'"
        ) from error


def cpp_compiler() -> str | None:
    """The path of the C++ compiler: the variable CXX names it, else it is the first of g++, clang++ and c++."""
    named = os.environ.get("CXX")
    return next(filter(None, map(shutil.which, [named] if named else _COMPILERS)), None)


def cannot_compile(device: str | torch.device) -> str:
    """Why torch.compile does not work for a device of this machine, and the way out; empty where it works.

    A missing compiler is known by its name. Then something small is compiled and run, once in a process for each type
    of device; that takes some seconds, fewer where torch still has what it compiled before.

    Returns:
        What follows "torch.compile" in a sentence, such as "needs triton, which is not installed: pip install triton".
    """
    kind = torch.device(device).type
    if os.name == "posix" and cpp_compiler() is None:
        return NO_COMPILER
    if kind == "cuda" and find_spec("triton") is None:
        return "needs triton, which is not installed: pip install triton"
    return _fault(kind)


@functools.cache
def _fault(kind: str) -> str:
    try:
        torch.compile(_small)(torch.ones(16, device=kind))
    except Exception as error:  # whatever torch, a compiler, a linker or a driver makes of this machine
        return f"{_cause(kind)} ({_said(error)})"
    return ""


def _small(values: Tensor) -> Tensor:
    return (values + 1).sin()


def _cause(kind: str) -> str:
    """What is likely wrong: torch hands its own folders to the compiler and the linker without quotes."""
    causes = []
    environment = [str(Path(torch.__file__).parent), str(sysconfig.get_config_var("LIBDIR"))]
    if apart := [folder for folder in environment if _comes_apart(folder)]:
        causes.append(
            f"cannot link with {apart[0]}, since it does not quote the path: make the Python environment in a folder "
            "whose path has no spaces or quotes"
        )
    cache = os.environ.get("TORCHINDUCTOR_CACHE_DIR", tempfile.gettempdir())
    if _comes_apart(cache):
        causes.append(
            f"cannot compile in {cache}, since it does not quote the path: name a folder without spaces or quotes in "
            "TORCHINDUCTOR_CACHE_DIR"
        )
    usual = f"fails here on {kind}: install g++, and for a GPU triton, or name another compiler in CXX"
    return ", and ".join(causes) or usual


def _comes_apart(path: str) -> bool:
    """Whether a command line would read a path that is not quoted as something else."""
    try:
        return shlex.split(path) != [path]
    except ValueError:  # half of a pair of quotes
        return True


def _said(error: BaseException) -> str:
    """What a compiler says of the fault, or torch in its place."""
    text = str(root_cause(error))
    output = text.partition("\nOutput:\n")[2].strip().splitlines()
    fault = next((line for line in output if "error" in line or "cannot" in line), output[0] if output else "")
    return one_line(fault or text.split("\n\n")[0])[:_LONGEST]
