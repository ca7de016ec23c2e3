"""Weights in files: tensors alone are read and written, never programs."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from srs_monai.errors import one_line
from srs_monai.files import replacing

_STAGE_ONE = "reconstruction."  # how the names of the part that stage one trains begin


def load_weights(network: nn.Module, path: str | Path) -> nn.Module:
    """Load a state dict, plain or as {"model": state dict}, into a network, and give the network back.

    Raises:
        ValueError: when the file is missing or unreadable, holds anything but tensors, or belongs to another network;
            then the first differing key and both shapes are named, and the network is as it was.
    """
    theirs = tensors_of(read_checkpoint(path), str(path), wrapper="model")
    check_fit(network, theirs, path)
    network.load_state_dict(theirs)
    return network


def check_fit(network: nn.Module, theirs: Mapping[str, Tensor], path: str | Path) -> None:
    """Refuse a state dict, read from a file, that is of another network.

    Raises:
        ValueError: with the first differing key and both shapes, or saying that it is of the reconstruction alone.
    """
    ours = network.state_dict()
    reconstruction = {key.removeprefix(_STAGE_ONE): ours[key].shape for key in ours if key.startswith(_STAGE_ONE)}
    if reconstruction and reconstruction == {key: value.shape for key, value in theirs.items()}:
        raise ValueError(
            f"the whole network's weights are loaded, but {path} holds its reconstruction alone, which stage one "
            "leaves; name model.pt beside it, which stage two leaves"
        )
    # keys in the network's own order, then those it does not know
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        here, there = shape_text(ours.get(key)), shape_text(theirs.get(key))
        if here != there and not is_optional(network, key):
            raise ValueError(
                f"weights fit the network they were trained with, but {path} is of another one: {key!r} is {there} in "
                f"the file and {here} in {type(network).__name__}; build the network with the arguments of its "
                f"training (network_def in the configuration) or name its own weights"
            )


def is_optional(network: nn.Module, key: str) -> bool:
    """Whether a state dict of network may have this key or not: its layer names it in OPTIONAL_STATE."""
    owner, _, name = key.rpartition(".")
    try:
        layer = network.get_submodule(owner)
    except AttributeError:  # a key of another network
        return False
    return name in getattr(layer, "OPTIONAL_STATE", ())


def save_weights(state_dict: Mapping[str, Tensor], path: str | Path) -> None:
    """Write a state dict, moved to the CPU, to a file that is there whole or not at all."""
    with replacing(path) as temporary:
        torch.save({key: value.detach().cpu() for key, value in state_dict.items()}, temporary)


def read_checkpoint(path: str | Path) -> Any:
    """What a checkpoint file holds: tensors, numbers, texts and containers of them; code in it is never executed.

    Raises:
        ValueError: naming the file, when it is missing or unreadable, or holds anything else.
    """
    if not Path(path).is_file():
        raise ValueError(f"weights are read from a file, but {path} is none; train the network, or name its weights")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise ValueError(
            f"weights are tensors and nothing else, but {path} holds more or is no checkpoint, and was not executed; "
            f"save the network's state_dict() by itself"
        ) from error
    except Exception as error:  # a damaged file fails anywhere in the reader
        raise ValueError(
            f"{path} cannot be read as a checkpoint: {one_line(error)}; fetch or train it again"
        ) from error


def tensors_of(content: Any, source: str, wrapper: str) -> dict[str, Tensor]:
    """The state dict that a checkpoint holds, plain or under the key `wrapper`.

    Raises:
        ValueError: naming the source, when it holds something else.
    """
    if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
        content = content[wrapper]
    if not isinstance(content, Mapping):
        raise ValueError(
            f"a checkpoint holds a state dict, but {source} holds a {type(content).__name__}; give a state dict"
        )
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise ValueError(
                f"a state dict maps names to tensors, but {source} has a {type(value).__name__} at {key!r}; "
                f"give the state dict alone or under {wrapper!r}"
            )
    return dict(content)


def shape_text(value: Tensor | None) -> str:
    """The shape of an entry of a state dict, for a message; "absent" where there is none."""
    return "absent" if value is None else str(tuple(value.shape))
