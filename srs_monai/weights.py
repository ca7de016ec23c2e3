"""Weights in files: tensors alone are read and written, never programs."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from srs_monai.files import replacing


def load_weights(network: nn.Module, path: str | Path) -> nn.Module:
    """Load a state dict, plain or as {"model": state dict}, into a network, and give the network back.

    Raises:
        ValueError: when the file is missing or unreadable, holds anything but tensors, or belongs to another network;
            then the first differing key and both shapes are named, and the network is as it was.
    """
    ours = network.state_dict()
    theirs = _read(Path(path))
    # keys in the network's own order, then those it does not know
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        here, there = _shape(ours.get(key)), _shape(theirs.get(key))
        if here != there:
            raise ValueError(
                f"weights fit the network they were trained with, but {path} is of another one: {key!r} is {there} in "
                f"the file and {here} in {type(network).__name__}; build the network with the arguments of its "
                f"training (network_def in the configuration) or name its own weights"
            )
    network.load_state_dict(theirs)
    return network


def save_weights(state_dict: Mapping[str, Tensor], path: str | Path) -> None:
    """Write a state dict, moved to the CPU, to a file that is there whole or not at all."""
    with replacing(path) as temporary:
        torch.save({key: value.detach().cpu() for key, value in state_dict.items()}, temporary)


def _read(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise ValueError(f"weights are read from a file, but {path} is none; train the network, or name its weights")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise ValueError(
            f"weights are tensors and nothing else, but {path} holds more or is no checkpoint, and was not executed; "
            f"save the network's state_dict() by itself ({error})"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise ValueError(f"{path} cannot be read as a checkpoint: {error}; fetch or train it again") from error
    state = content.get("model", content) if isinstance(content, Mapping) else content
    if not isinstance(state, Mapping) or not state:
        raise ValueError(f"a checkpoint is a state dict or {{'model': state dict}}, but {path} is neither")
    return state


def _shape(value: Any) -> str:
    if value is None:
        return "absent"
    return str(tuple(value.shape)) if isinstance(value, Tensor) else f"no tensor but {type(value).__name__}"
