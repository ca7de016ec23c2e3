"""What a measured row says of the machine, the versions and the code."""

import hashlib
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from measure.worker import available_cores

ROOT = Path(__file__).resolve().parents[2]
#: what results depend on; pages and the results themselves are written meanwhile
MEASURED = ("srs_monai", "benchmarks", "bundle", "configs")
PACKAGES = ("torch", "monai", "openvino", "onnxruntime", "torch_tensorrt")
#: bits of the processor on which speed depends
FEATURES = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8")
COLUMNS = ("device", "cores", "omp_threads", "commit", "changed", "code", "date", "python", *PACKAGES)


def environment(device: str = "cpu") -> dict[str, str]:
    """Columns of a row: device, cores, code and versions; what is not installed is empty.

    Args:
        device: "cpu" or a CUDA device, which must be there.
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
    """The processor's name and what of its features counts, or the GPU's."""
    if device.startswith("cuda"):
        import torch

        return str(torch.cuda.get_device_name(device))
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return platform.processor() or platform.machine()
    return _processor(info.read_text())


def _processor(info: str) -> str:
    """Name, family and features in what Linux says of a processor."""
    said = dict(line.split(":", 1) for line in info.partition("\n\n")[0].splitlines() if ":" in line)
    known = {key.strip(): value.strip() for key, value in said.items()}
    flags = set(known.get("flags", "").split())
    place = " ".join(f"{key} {known[key]}" for key in ("cpu family", "model") if key in known)
    features = " ".join(feature for feature in FEATURES if feature in flags)
    return ", ".join(part for part in (known.get("model name", platform.machine()), place, features) if part)


def _code() -> str:
    """What tells one state of the measured code from another: commits that leave it as it is do not count."""
    state = _git("ls-tree", "HEAD", "--", *MEASURED) + _git("diff", "HEAD", "--", *MEASURED)
    return hashlib.sha256(state.encode()).hexdigest()[:12] if state else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _git(*arguments: str) -> str:
    """What git says of this repository; nothing where there is none."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
