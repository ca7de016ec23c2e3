"""What times depend on beside the network: processor, threads, GPU, and the versions of what computes."""

import os
import platform
from pathlib import Path

import torch

from srs_monai import __version__
from srs_monai.environment import package_version

_LIBRARIES = ("torch", "onnxruntime", "openvino")


def machine(device: torch.device) -> dict[str, str]:
    """What is measured on: two machines of which this says the same take the same time."""
    said = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "threads": str(torch.get_num_threads()),
        "device": device.type,
        "srs_monai": __version__,
        **{library: package_version(library) or "not installed" for library in _LIBRARIES},
    }
    if device.type == "cuda":
        said |= {"gpu": torch.cuda.get_device_name(device), "cuda": str(torch.version.cuda)}
    return said


def _processor() -> str:
    """The model of the processor, which Python tells on few systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
