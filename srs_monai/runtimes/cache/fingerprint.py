"""Hashes that identify a network: one of its structure, one of its weights."""

import hashlib
import inspect
from pathlib import Path

import torch
from torch import nn

_LENGTH = 32  # hexadecimal digits
_PLAIN = (bool, int, float, str, tuple, list, type(None))


def architecture_hash(network: nn.Module) -> str:
    """A hash of all modules, their plain attributes, the files that define them, and the shapes of weights."""
    digest = hashlib.sha256()
    files = set[str]()
    for name, module in network.named_modules():
        kind = type(module)
        plain = sorted((key, value) for key, value in vars(module).items() if key != "training" and _is_plain(value))
        digest.update(f"{name} {kind.__module__}.{kind.__qualname__} {plain}\n".encode())
        files.add(_source_file(kind))
    for name, tensor in network.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
    for file in sorted(files - {""}):
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:_LENGTH]


def weights_hash(network: nn.Module) -> str:
    """A hash of the values of all parameters and buffers."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:_LENGTH]


def _is_plain(value: object) -> bool:
    if isinstance(value, tuple | list):
        return all(_is_plain(part) for part in value)
    return isinstance(value, _PLAIN)


def _source_file(kind: type[nn.Module]) -> str:
    """The file that defines a class; "" for built-in classes and those of torch and MONAI, whose versions are known."""
    if kind.__module__.split(".")[0] in ("torch", "monai"):
        return ""
    try:
        return inspect.getfile(kind)
    except (OSError, TypeError):
        return ""
