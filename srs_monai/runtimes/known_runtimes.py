"""The runtimes by name: how each is built, what it needs, and which devices and precisions it supports."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec

import torch

from srs_monai.environment import EXTRAS, cannot_compile
from srs_monai.runtimes.cuda_graphs import build_cuda_graphs
from srs_monai.runtimes.native.accelerate import build_native, lacks_compiler
from srs_monai.runtimes.onnx_runtime import build_onnx_runtime
from srs_monai.runtimes.openvino import build_openvino
from srs_monai.runtimes.pytorch import build_channels_last, build_compiled, build_eager
from srs_monai.runtimes.runtime import BuildRequest, Runtime
from srs_monai.runtimes.tensorrt import build_tensorrt
from srs_monai.runtimes.torchscript import build_torchscript
from srs_monai.tensors import PRECISIONS
from srs_monai.text import one_of

AUTO = "auto"


def _nothing(device: torch.device) -> str:
    return ""


@dataclass(frozen=True)
class Row:
    """One way to run a network.

    Args:
        build: builds the runtime.
        precisions: supported precisions.
        devices: supported types of devices; empty: all.
        packages: required packages besides those that srs_monai always requires.
        fault: why the runtime does not work for a device of this machine, and the way out; empty if it works.
        tried: whether "auto" tries it. It skips runtimes that take minutes to build, and those that others always
            surpass.
    """

    build: Callable[[BuildRequest], Runtime]
    precisions: tuple[str, ...] = tuple(PRECISIONS)
    devices: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    fault: Callable[[torch.device], str] = _nothing
    tried: bool = True

    def missing(self) -> str:
        """The first required package that is not installed; empty if all are installed."""
        return next((package for package in self.packages if find_spec(package) is None), "")

    def serves(self, device: torch.device) -> bool:
        """Whether the runtime supports devices of this type."""
        return not self.devices or device.type in self.devices


RUNTIMES: dict[str, Row] = {
    "eager": Row(build_eager, tried=False),
    "channels_last": Row(build_channels_last),
    "native": Row(build_native, devices=("cpu",), fault=lacks_compiler),
    "compile": Row(build_compiled, devices=("cpu", "cuda"), fault=cannot_compile, tried=False),
    "cuda_graphs": Row(build_cuda_graphs, devices=("cuda",)),
    "torchscript": Row(build_torchscript, precisions=("float32",), devices=("cpu", "cuda"), tried=False),
    "onnxruntime": Row(build_onnx_runtime, precisions=("float32",), devices=("cpu",), packages=("onnxruntime", "onnx")),
    "openvino": Row(build_openvino, precisions=("float32", "bfloat16"), devices=("cpu",), packages=("openvino",)),
    "tensorrt": Row(build_tensorrt, devices=("cuda",), packages=("torch_tensorrt",), tried=False),
}


def available(device: str | torch.device = "cpu", names: Iterable[str] | None = None) -> list[str]:
    """The runtimes that are installed and work for a device of this machine.

    Args:
        device: device of the images.
        names: runtimes to consider; None means all. Then torch.compile is tried too, which takes seconds.
    """
    there = torch.device(device)
    if there.type == "cuda" and not torch.cuda.is_available():
        return []
    rows = {name: RUNTIMES[name] for name in (RUNTIMES if names is None else names)}
    return [name for name, row in rows.items() if row.serves(there) and not row.missing() and not row.fault(there)]


def check_runtime(name: str, precision: str, device: torch.device | None = None) -> None:
    """Reject a runtime that cannot be built, before any work. Without a device, only device-independent rules apply.

    Raises:
        ValueError: for an unknown name or precision, a precision or device that the runtime does not support, and a
            runtime that is not installed or does not work on this machine.
    """
    one_of(name, (*RUNTIMES, AUTO), "runtime")
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}; got {precision!r}; choose one of them")
    if name == AUTO:
        return
    row = RUNTIMES[name]
    if precision not in row.precisions:
        others = [other for other, it in RUNTIMES.items() if precision in it.precisions]
        raise ValueError(
            f"runtime {name} supports {' or '.join(row.precisions)}, but precision is {precision}; use one of these, "
            f"or one of the runtimes {', '.join(others)}, auto"
        )
    if device is not None and not row.serves(device):
        others = [other for other, it in RUNTIMES.items() if it.serves(device)]
        raise ValueError(
            f"runtime {name} supports {' and '.join(row.devices)}, but the device is {device}; use one of the runtimes "
            f"{', '.join(others)}, auto, or another device"
        )
    if missing := row.missing():
        raise ValueError(
            f"runtime {name} needs the package {missing}, which is not installed; run pip install "
            f"'srs_monai[{EXTRAS[missing]}]', or use runtime auto"
        )
    if device is not None and (fault := row.fault(device)):
        raise ValueError(f"runtime {name} {fault}; or use runtime auto")
