"""The machine that rows are measured on: its environment, its precisions, and how fast it multiplies at most."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from measure.worker import Run, available_cores, seconds_of

ROOT = Path(__file__).resolve().parents[2]
#: folders that results depend on; pages and results change while a benchmark runs
MEASURED = ("srs_monai", "benchmarks", "bundle", "configs")
PACKAGES = ("torch", "monai", "openvino", "onnxruntime", "torch_tensorrt")
#: bits of the processor on which speed depends
FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8")
COLUMNS = ("device", "cores", "omp_threads", "commit", "changed", "code", "date", "python", *PACKAGES)


def environment(device: str = "cpu") -> dict[str, str]:
    """Columns of a row: device, cores, code and versions; the version of a missing package is empty.

    Args:
        device: "cpu" or a CUDA device, which must exist.
    """
    return {
        "device": device_name(device),
        "cores": str(len(available_cores())),
        "omp_threads": os.environ.get("OMP_NUM_THREADS", ""),  # empty: each library's own choice
        "commit": _git("rev-parse", "HEAD")[:12],
        "changed": "yes" if _git("status", "--porcelain", "--", *MEASURED) else "no",  # since that commit
        "code": _code(),
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
    }


def device_name(device: str = "cpu") -> str:
    """The name of the GPU, or of the processor with the features that its speed depends on."""
    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return platform.processor() or platform.machine()
    return _processor(info.read_text())


def _processor(info: str) -> str:
    """Name, family and features of a processor, from the text of /proc/cpuinfo."""
    said = dict(line.split(":", 1) for line in info.partition("\n\n")[0].splitlines() if ":" in line)
    known = {key.strip(): value.strip() for key, value in said.items()}
    flags = set(known.get("flags", "").split())
    place = " ".join(f"{key} {known[key]}" for key in ("cpu family", "model") if key in known)
    features = " ".join(feature for feature in FEATURES if feature in flags)
    return ", ".join(part for part in (known.get("model name", platform.machine()), place, features) if part)


def _code() -> str:
    """A checksum of the measured code; commits that do not touch this code do not change it."""
    state = _git("ls-tree", "HEAD", "--", *MEASURED) + _git("diff", "HEAD", "--", *MEASURED)
    return hashlib.sha256(state.encode()).hexdigest()[:12] if state else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _git(*arguments: str) -> str:
    """The output of git for this repository; empty where there is none."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


#: types of the stored numbers; "tf32" stores float32 and multiplies 19 bits of it, on NVIDIA GPUs
DTYPES = {"float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16}


def set_precision(name: str) -> None:
    """Let CUDA multiply float32 in full ("float32", "bfloat16") or as TF32; this changes nothing on a CPU.

    Raises:
        ValueError: for an unknown name.
    """
    if name not in DTYPES:
        raise ValueError(f"precision is one of {', '.join(DTYPES)}; got {name!r}")
    product = "tf32" if name == "tf32" else "ieee"
    torch.backends.cuda.matmul.fp32_precision = product
    torch.backends.cudnn.conv.fp32_precision = product  # type: ignore[attr-defined]


def runtime_precision(name: str) -> str:
    """The precision's name for a runtime, where TF32 is float32."""
    return "float32" if name == "tf32" else name


#: side of the matrices, and of the convolution batch, channels and side of the map
SIZES = {"cpu": (2048, (4, 128, 64)), "cuda": (8192, (64, 256, 64))}
SMALL_SIZES = (128, (1, 16, 32))
SECONDS = 1.0  # for which each product is repeated; the fastest counts


@dataclass(frozen=True)
class Products:
    """Prepares products of matrices and 3x3 convolutions, which give their GFLOP/s by name.

    On some processors, MKL's matrix products are slower than oneDNN's convolutions, so the limit is the better of both.

    Args:
        precision: a name of `DTYPES`.
        device: "cpu" or a CUDA device.
        small: tiny products, for trying a script out.
    """

    precision: str
    device: str = "cpu"
    small: bool = False

    def __call__(self) -> Run:
        set_precision(self.precision)
        side, (batch, channels, map_side) = SMALL_SIZES if self.small else SIZES[self.device.partition(":")[0]]
        make: dict[str, Any] = {"device": self.device, "dtype": DTYPES[self.precision]}
        a, b = torch.rand(side, side, **make), torch.rand(side, side, **make)
        x = torch.rand(batch, channels, map_side, map_side, **make).contiguous(memory_format=torch.channels_last)
        weight = torch.rand(channels, channels, 3, 3, **make).contiguous(memory_format=torch.channels_last)
        products: dict[str, tuple[float, Callable[[Any], Tensor]]] = {
            "matrix product": (2 * side**3, lambda _: a @ b),
            "convolution": (2 * x.numel() * channels * 9, lambda _: F.conv2d(x, weight, padding=1)),
        }

        def run(seconds: float) -> dict[str, float]:
            with torch.inference_mode():
                return {name: work / self._best(product, seconds) / 1e9 for name, (work, product) in products.items()}

        return run

    def _best(self, product: Callable[[Any], Tensor], seconds: float) -> float:
        best, spent = float("inf"), 0.0
        warm_up = 2
        while spent < seconds:
            taken = seconds_of(product, None, device=self.device, warm_up=warm_up)
            best, spent, warm_up = min(best, taken), spent + taken, 0
        return best
