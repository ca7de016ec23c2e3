"""The runtimes by name: what builds each, what it needs, and what it serves."""

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
        build: makes a network ready.
        precisions: that it computes in.
        devices: types of devices that it serves; none: all.
        packages: that it needs beside those that this package always has.
        fault: why it does not work for a device of this machine, and the way out; empty where it works.
        tried: whether "auto" tries it: not what takes minutes to be ready, nor what others always surpass.
    """

    build: Callable[[BuildRequest], Runtime]
    precisions: tuple[str, ...] = tuple(PRECISIONS)
    devices: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    fault: Callable[[torch.device], str] = _nothing
    tried: bool = True

    def missing(self) -> str:
        """The first package that is not installed; empty when all are."""
        return next((package for package in self.packages if find_spec(package) is None), "")

    def serves(self, device: torch.device) -> bool:
        """Whether it runs on devices of this type."""
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
    """The runtimes that are installed and can run on a device of this machine.

    Args:
        device: to run on.
        names: of the runtimes that are asked for; without them, of all, and torch.compile is tried, which takes
            seconds.
    """
    there = torch.device(device)
    if there.type == "cuda" and not torch.cuda.is_available():
        return []
    rows = {name: RUNTIMES[name] for name in (RUNTIMES if names is None else names)}
    return [name for name, row in rows.items() if row.serves(there) and not row.missing() and not row.fault(there)]


def check_runtime(name: str, precision: str, device: torch.device | None = None) -> None:
    """Refuse what cannot be built, before any work; without a device, for all devices.

    Raises:
        ValueError: for an unknown name or precision, a precision or device that the runtime does not serve, and one
            that is not installed or does not work on this machine.
    """
    one_of(name, (*RUNTIMES, AUTO), "runtime")
    if precision not in PRECISIONS:
        raise ValueError(f"precision is one of {', '.join(PRECISIONS)}; got {precision!r}")
    if name == AUTO:
        return
    row = RUNTIMES[name]
    if precision not in row.precisions:
        others = [other for other, it in RUNTIMES.items() if precision in it.precisions]
        raise ValueError(
            f"runtime {name} computes in {' or '.join(row.precisions)}, but precision is {precision}; take one of "
            f"these, or one of the runtimes {', '.join(others)}, auto"
        )
    if device is not None and not row.serves(device):
        others = [other for other, it in RUNTIMES.items() if it.serves(device)]
        raise ValueError(
            f"runtime {name} serves {' and '.join(row.devices)}, but the device is {device}; take one of the runtimes "
            f"{', '.join(others)}, auto, or another device"
        )
    if missing := row.missing():
        raise ValueError(
            f"runtime {name} needs the package {missing}, which is not installed; install it by "
            f"pip install 'srs_monai[{EXTRAS[missing]}]', or take runtime auto"
        )
    if device is not None and (fault := row.fault(device)):
        raise ValueError(f"runtime {name} {fault}; or take runtime auto")
