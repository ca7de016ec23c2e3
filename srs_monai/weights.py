"""Weights in files. Only tensors are read and written, never code; damaged files are rejected."""

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

_FOLDER = 0x10  # attribute of a folder in a zip archive
_STAGE_ONE = "reconstruction."  # prefix of the keys of the part that stage one trains


@dataclass(frozen=True)
class LoadedWeights:
    """The weights that were loaded into a network.

    Args:
        path: path of their file.
        sha256: checksum of the loaded bytes, in hexadecimal digits.
    """

    path: Path
    sha256: str


_LOADED: WeakKeyDictionary[nn.Module, tuple[LoadedWeights, int]] = WeakKeyDictionary()


def load_weights(network: nn.Module, path: str | Path) -> nn.Module:
    """Load a state dict, plain or as {"model": state dict}, into a network, and return the network.

    The loaded file is remembered for the network, see `loaded_weights`.

    Raises:
        ValueError: if the file is missing, damaged or unreadable, holds anything but tensors, or belongs to another
            network. In the last case the message has the first different key and both shapes. The network is then
            unchanged.
    """
    content = _bytes_of(path)
    theirs = tensors_of(_checkpoint_in(content, path), str(path), wrapper="model")
    check_fit(network, theirs, path)
    network.load_state_dict(theirs)
    _LOADED[network] = LoadedWeights(Path(path), hashlib.sha256(content).hexdigest()), _changes(network)
    return network


def require_weights(network: nn.Module) -> LoadedWeights:
    """The weights that were loaded into a network.

    Raises:
        ValueError: if `load_weights` did not load any, or they changed since: results would have unknown weights.
    """
    loaded = loaded_weights(network)
    if loaded is None:
        raise ValueError(
            f"results need trained weights, but none were loaded into this {type(network).__name__}; load "
            "them with srs_monai.weights.load_weights"
        )
    return loaded


def loaded_weights(network: nn.Module) -> LoadedWeights | None:
    """The weights that `load_weights` loaded last; None if it loaded none, or if the weights changed since."""
    loaded, changes = _LOADED.get(network, (None, 0))
    return loaded if changes == _changes(network) else None


def _changes(network: nn.Module) -> int:
    """The number of in-place changes of a network's parameters; moving them to a device does not count."""
    return sum(parameter._version for parameter in network.parameters())


def check_fit(network: nn.Module, theirs: Mapping[str, Tensor], path: str | Path) -> None:
    """Reject a state dict from a file that belongs to another network.

    Raises:
        ValueError: with the first different key and both shapes, or the fact that the file holds the reconstruction
            network only.
    """
    ours = network.state_dict()
    reconstruction = {key.removeprefix(_STAGE_ONE): ours[key].shape for key in ours if key.startswith(_STAGE_ONE)}
    if reconstruction and reconstruction == {key: value.shape for key, value in theirs.items()}:
        raise ValueError(
            f"the weights of the whole network are needed, but {path} holds only its reconstruction network, the "
            "result of stage one; name model.pt beside it, the result of stage two"
        )
    # keys in the order of the network, then unknown keys
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        here, there = shape_text(ours.get(key)), shape_text(theirs.get(key))
        if key in ours and key in theirs and not _fits_kind(theirs[key], ours[key]):
            raise ValueError(
                f"weights must be dense numbers of the network's kind, but {key!r} in {path} is {theirs[key].dtype}, "
                f"{theirs[key].layout}, on {theirs[key].device}; save the state_dict() of the network"
            )
        if here != there and not is_optional(network, key):
            raise ValueError(
                f"weights must belong to the network, but {path} belongs to another one: {key!r} is {there} in the "
                f"file and {here} in {type(network).__name__}; name the settings of their training (--settings "
                "RUN/model.json), give its network_def, or name other weights"
            )


def _fits_kind(theirs: Tensor, ours: Tensor) -> bool:
    """Whether a tensor of a file can be copied into a tensor of the network without changing its kind."""
    floating = theirs.is_floating_point() == ours.is_floating_point() and not theirs.is_complex()
    return floating and theirs.layout is torch.strided and not theirs.is_meta and not theirs.is_quantized


def is_optional(network: nn.Module, key: str) -> bool:
    """Whether a key is optional in a network's state dict: its layer lists it in OPTIONAL_STATE."""
    owner, _, name = key.rpartition(".")
    try:
        layer = network.get_submodule(owner)
    except AttributeError:  # the key belongs to another network
        return False
    return name in getattr(layer, "OPTIONAL_STATE", ())


def save_weights(state_dict: Mapping[str, Tensor], path: str | Path) -> None:
    """Write a state dict, moved to the CPU, to a file that is complete or absent."""
    with replacing(path) as temporary:
        torch.save({key: value.detach().cpu() for key, value in state_dict.items()}, temporary)


def read_checkpoint(path: str | Path) -> Any:
    """The content of a checkpoint file: tensors, numbers, texts and containers of them. Code is never executed.

    Raises:
        ValueError: with the name of the file, if it is missing or unreadable, or holds anything else.
    """
    return _checkpoint_in(_bytes_of(path), path)


def _bytes_of(path: str | Path) -> bytes:
    if not Path(path).is_file():
        raise ValueError(
            f"weights need an existing file, but {path} is not a file; train the network, or name its weights"
        )
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {one_line(error)}; check its permissions") from error


def _checkpoint_in(content: bytes, path: str | Path) -> Any:
    """The content of a checkpoint's bytes, after a check of their checksums."""
    _check_damage(content, path)
    try:
        return torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise ValueError(
            f"weights must be tensors only, but {path} holds more or is not a checkpoint, and was not executed; "
            "save only the network's state_dict()"
        ) from error
    except Exception as error:  # a damaged file may raise anything in the reader
        raise ValueError(
            f"{path} cannot be read as a checkpoint: {one_line(error)}; download or train it again"
        ) from error


def _check_damage(content: bytes, path: str | Path) -> None:
    """Compare the checksums in a checkpoint with its content, because PyTorch loads changed weights without a message.

    Files in PyTorch's format before version 1.6 have no checksums and cannot be checked.
    """
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
            # PyTorch never writes such entries, and would misread them
            odd = [one for one in entries if one.compress_type != zipfile.ZIP_STORED or one.external_attr & _FOLDER]
            if odd or len({one.filename for one in entries}) < len(entries):
                raise zipfile.BadZipFile("its table of contents was not written by PyTorch")
            damaged = archive.testzip()
    except Exception as error:  # the tables of the archive are damaged
        raise ValueError(f"{path} is damaged: {one_line(error)}; download or train it again") from error
    if damaged is not None:
        raise ValueError(
            f"{path} is damaged: the checksum of {damaged} in it is wrong; download or train it again. Save files "
            "with checksums, not after torch.serialization.set_crc32_options(False)"
        )


def tensors_of(content: Any, source: str, wrapper: str) -> dict[str, Tensor]:
    """The state dict in a checkpoint, plain or under the key `wrapper`.

    Raises:
        ValueError: with the name of the source, if it holds anything else.
    """
    if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
        content = content[wrapper]
    if not isinstance(content, Mapping):
        raise ValueError(
            f"a checkpoint must hold a state dict, but {source} holds a {type(content).__name__}; give a state dict"
        )
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise ValueError(
                f"a state dict must map names to tensors, but {source} has a {type(value).__name__} at {key!r}; "
                f"give the state dict alone or under {wrapper!r}"
            )
    return dict(content)


def shape_text(value: Tensor | None) -> str:
    """The shape of an entry of a state dict, for a message; "absent" for a missing entry."""
    return "absent" if value is None else str(tuple(value.shape))
