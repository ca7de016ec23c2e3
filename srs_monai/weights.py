"""Weights in files: tensors alone are read and written, never programs; damaged files are rejected."""

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from srs_monai.errors import one_line
from srs_monai.files import replacing

_FOLDER = 0x10  # the attribute of a folder in a zip archive
_STAGE_ONE = "reconstruction."  # how the names of the part that stage one trains begin


@dataclass(frozen=True)
class LoadedWeights:
    """Which weights a network was given.

    Args:
        path: of their file.
        sha256: of the bytes that were loaded, in hexadecimal digits.
    """

    path: Path
    sha256: str


_LOADED: WeakKeyDictionary[nn.Module, tuple[LoadedWeights, int]] = WeakKeyDictionary()


def load_weights(network: nn.Module, path: str | Path) -> nn.Module:
    """Load a state dict, plain or as {"model": state dict}, into a network, and give the network back.

    What was loaded is remembered for the network, see `loaded_weights`.

    Raises:
        ValueError: when the file is missing, damaged or unreadable, holds anything but tensors, or belongs to another
            network; then the first differing key and both shapes are named, and the network is as it was.
    """
    content = _bytes_of(path)
    theirs = tensors_of(_checkpoint_in(content, path), str(path), wrapper="model")
    check_fit(network, theirs, path)
    network.load_state_dict(theirs)
    _LOADED[network] = LoadedWeights(Path(path), hashlib.sha256(content).hexdigest()), _changes(network)
    return network


def require_weights(network: nn.Module) -> LoadedWeights:
    """What was loaded into a network.

    Raises:
        ValueError: when `load_weights` never loaded any, or they changed since: results would be of unknown weights.
    """
    loaded = loaded_weights(network)
    if loaded is None:
        raise ValueError(
            f"results are made with trained weights, but none were loaded into this {type(network).__name__}; load "
            "them with srs_monai.weights.load_weights"
        )
    return loaded


def loaded_weights(network: nn.Module) -> LoadedWeights | None:
    """What `load_weights` loaded into a network last; None where it never did, or where the weights changed since."""
    loaded, changes = _LOADED.get(network, (None, 0))
    return loaded if changes == _changes(network) else None


def _changes(network: nn.Module) -> int:
    """How often the parameters of a network were changed in place; moving them elsewhere does not count."""
    return sum(parameter._version for parameter in network.parameters())


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
        if key in ours and key in theirs and not _fits_kind(theirs[key], ours[key]):
            raise ValueError(
                f"weights are dense numbers of the network's kind, but {key!r} in {path} is {theirs[key].dtype}, "
                f"{theirs[key].layout}, on {theirs[key].device}; save the state_dict() of the network"
            )
        if here != there and not is_optional(network, key):
            raise ValueError(
                f"weights fit the network they were trained with, but {path} is of another one: {key!r} is {there} in "
                f"the file and {here} in {type(network).__name__}; name the settings of their training (--settings "
                f"RUN/model.json), give its network_def, or name other weights"
            )


def _fits_kind(theirs: Tensor, ours: Tensor) -> bool:
    """Whether a tensor of a file can be copied into one of the network without loss of kind."""
    floating = theirs.is_floating_point() == ours.is_floating_point() and not theirs.is_complex()
    return floating and theirs.layout is torch.strided and not theirs.is_meta and not theirs.is_quantized


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
    return _checkpoint_in(_bytes_of(path), path)


def _bytes_of(path: str | Path) -> bytes:
    if not Path(path).is_file():
        raise ValueError(f"weights are read from a file, but {path} is none; train the network, or name its weights")
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {one_line(error)}; check its permissions") from error


def _checkpoint_in(content: bytes, path: str | Path) -> Any:
    """What the bytes of a checkpoint hold, once their checksums are right."""
    _check_damage(content, path)
    try:
        return torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise ValueError(
            f"weights are tensors and nothing else, but {path} holds more or is no checkpoint, and was not executed; "
            f"save the network's state_dict() by itself"
        ) from error
    except Exception as error:  # a damaged file fails anywhere in the reader
        raise ValueError(
            f"{path} cannot be read as a checkpoint: {one_line(error)}; fetch or train it again"
        ) from error


def _check_damage(content: bytes, path: str | Path) -> None:
    """Compare the checksums in a checkpoint with its content: PyTorch loads changed weights without a word.

    PyTorch's format before version 1.6 has no checksums; nothing is known of such a file.
    """
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            # PyTorch writes none of these, and takes them for something else than they are
            odd = [one for one in entries if one.compress_type != zipfile.ZIP_STORED or one.external_attr & _FOLDER]
            if odd or len({one.filename for one in entries}) < len(entries):
                raise zipfile.BadZipFile("its table of contents is not as PyTorch writes it")
            damaged = archive.testzip()
    except Exception as error:  # damage to the archive's own tables
        raise ValueError(f"{path} is damaged: {one_line(error)}; fetch or train it again") from error
    if damaged is not None:
        raise ValueError(
            f"{path} is damaged: the checksum of {damaged} in it is wrong; fetch or train it again. A file that was "
            "saved without checksums (torch.serialization.set_crc32_options(False)) has to be saved with them"
        )


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
