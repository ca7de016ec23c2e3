"""Components built from settings: only those of the catalogue, unless the file is trusted, within a size limit."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import monai.transforms
import torch
from monai.bundle import ConfigParser
from monai.transforms import Transform
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from srs_monai.config.settings.catalogue import NETWORKS, NOT_ARGUMENTS, TRANSFORMS, Component, check_component
from srs_monai.config.settings.schema import REFERENCES
from srs_monai.errors import one_line, root_cause

logger = logging.getLogger(__name__)

_LARGEST_NETWORK = 5 * 10**8  # parameters, two gigabytes
_MOST_TENSORS = 20_000  # of parameters


def build_component(
    part: Mapping[str, Any],
    where: str,
    catalogue: Mapping[str, Component],
    values: Mapping[str, Any],
    *,
    trust: bool = False,
) -> Any:
    """Build a component of settings.

    Args:
        part: {"_target_": name, argument: plain value}; its texts may refer to values ("@image_size").
        where: file and name of the part, for messages.
        catalogue: `TRANSFORMS` or `NETWORKS`.
        values: values to which the part may refer, by name.
        trust: let MONAI import and build components outside the catalogue.

    Raises:
        ValueError: as `check_component` does; if a value that the part refers to is missing; and if the component
            cannot be built, with its own reason.
    """
    resolved = _with_values(part, values, where)
    if not trust:
        check_component(part, where, catalogue)
    try:
        if trust:
            built = ConfigParser({"part": resolved}).get_parsed_content("part")
        else:
            built = _build_network(resolved, where) if catalogue is NETWORKS else _build(resolved, catalogue)
    except _TooLargeError:
        raise
    except Exception as error:  # components may raise anything, such as TypeError for arguments of another kind
        raise ValueError(f"{where} cannot be built: {one_line(root_cause(error))}; correct the settings") from error
    kind = nn.Module if catalogue is NETWORKS else Transform
    if built is None and catalogue is TRANSFORMS:  # disabled
        return monai.transforms.Identityd(keys="image")
    if not isinstance(built, kind):
        raise ValueError(f"{where} must be a {kind.__name__}; got a {type(built).__name__}, by {part['_target_']!r}")
    return built


def _build(part: Mapping[str, Any], catalogue: Mapping[str, Component]) -> Any:
    if part.get("_disabled_", False):
        return None
    component = catalogue[part["_target_"]]
    arguments = {name: value for name, value in part.items() if name not in NOT_ARGUMENTS}
    for name in component.parts:
        inner = arguments.get(name)
        if isinstance(inner, list):
            made = [_build(one, catalogue) for one in inner]
            arguments[name] = [one for one in made if one is not None]
        elif inner is not None:
            arguments[name] = _build(inner, catalogue)
    return component.make(**arguments)


def _build_network(part: Mapping[str, Any], where: str) -> nn.Module:
    """Build a network, first without memory for its weights if possible, to find out whether it is too large."""
    try:
        with torch.device("meta"), _limited(where):
            _build(part, NETWORKS)
    except _TooLargeError:
        raise
    except Exception as error:  # some networks compute with their weights during construction
        logger.debug("%s: cannot be built without memory for its weights: %s", where, error)
    with _limited(where):
        network: nn.Module = _build(part, NETWORKS)
    return network


class _TooLargeError(ValueError):
    """A network with more parameters than settings may build."""


@contextmanager
def _limited(where: str) -> Iterator[None]:
    """Stop building a network that becomes too large."""
    numbers = tensors = 0

    def count(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        nonlocal numbers, tensors
        numbers, tensors = numbers + (0 if parameter is None else parameter.numel()), tensors + 1
        if numbers > _LARGEST_NETWORK or tensors > _MOST_TENSORS:
            raise _TooLargeError(
                f"{where}: a network from settings may have up to {_LARGEST_NETWORK} parameters in {_MOST_TENSORS} "
                "tensors; make it smaller, or trust the settings"
            )

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        hook.remove()


def _with_values(value: Any, values: Mapping[str, Any], where: str) -> Any:
    """A part in which values replace references."""
    if isinstance(value, Mapping):
        return {key: _with_values(part, values, where) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_values(part, values, where) for part in value]
    if isinstance(value, str) and value in REFERENCES:
        if value[1:] not in values:
            raise ValueError(f"{where} refers to {value[1:]}, which has no value; give it")
        return values[value[1:]]
    return value
