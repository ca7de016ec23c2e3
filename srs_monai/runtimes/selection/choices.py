"""The fastest runtime, remembered for each machine and model."""

import hashlib
import json
import logging
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from srs_monai import __version__
from srs_monai.environment import package_version
from srs_monai.errors import one_line
from srs_monai.files import write_atomically
from srs_monai.runtimes.cache.graph_cache import cache_folder

logger = logging.getLogger(__name__)

_LIBRARIES = ("torch", "onnxruntime", "openvino")
_KEPT = 200  # entries; the latest ones


@dataclass(frozen=True)
class Choice:
    """The fastest of several runtimes.

    Args:
        runtime: its name.
        batch_size: number of images per batch with which it was fastest.
        seconds: time per image of each runtime, with its best batch size.
    """

    runtime: str
    batch_size: int
    seconds: dict[str, float]


def machine(device: torch.device) -> dict[str, str]:
    """Facts on which times depend: processor, threads, GPU, and versions. Times of equal machines are equal."""
    facts = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "threads": str(torch.get_num_threads()),
        "device": device.type,
        "srs_monai": __version__,
        **{library: package_version(library) or "not installed" for library in _LIBRARIES},
    }
    if device.type == "cuda":
        facts |= {"gpu": torch.cuda.get_device_name(device), "cuda": str(torch.version.cuda)}
    return facts


def _processor() -> str:
    """The model of the processor; Python knows it on few systems only."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def remembered(machine: Mapping[str, str], model: Mapping[str, str]) -> Choice | None:
    """The remembered choice for this model on this machine; None if there is none."""
    try:
        entry = _all()[_key(machine, model)]
        seconds = {str(name): float(value) for name, value in entry["seconds"].items()}
        return Choice(str(entry["runtime"]), int(entry["batch_size"]), seconds)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def remember(machine: Mapping[str, str], model: Mapping[str, str], choice: Choice) -> None:
    """Store a choice. If the file is not writable, the next run measures again."""
    known = _all()
    known.pop(_key(machine, model), None)
    known[_key(machine, model)] = {"machine": dict(machine), "model": dict(model), **asdict(choice)}
    kept = dict(list(known.items())[-_KEPT:])
    try:
        write_atomically(_file(), (json.dumps(kept, indent=2) + "\n").encode())
    except OSError as error:
        logger.warning("the fastest runtime is not remembered, because %s is not writable: %s", _file(), error)


def _all() -> dict[str, Any]:
    """All stored choices; empty for a file with other content."""
    try:
        known = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        logger.warning("%s cannot be read (%s): runtimes are measured again", _file(), one_line(error))
        return {}
    return known if isinstance(known, dict) else {}


def _key(machine: Mapping[str, str], model: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps([dict(machine), dict(model)], sort_keys=True).encode()).hexdigest()[:32]


def _file() -> Path:
    return cache_folder() / "runtimes.json"
