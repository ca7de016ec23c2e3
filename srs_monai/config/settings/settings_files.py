"""The settings of a configuration, and their file beside the weights: model.json belongs to model.pt."""

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from monai.bundle import ConfigParser, ConfigWorkflow

from srs_monai import __version__
from srs_monai.config.settings.catalogue import catalogue_of, check_component
from srs_monai.config.settings.schema import (
    PARTS,
    PROVENANCE,
    REFERENCES,
    VALUES,
    Settings,
    load_settings,
    parse_settings,
)
from srs_monai.files import write_atomically

logger = logging.getLogger(__name__)

#: id of the settings of the weights in configurations for inference and evaluation, see `TrainedSettings`
TRAINED = "trained"
_RESOLVED = "resolved_"  # prefix of the id of a value in the form that is kept


def settings_of(parser: ConfigParser, names: Sequence[str] = (*VALUES, *PARTS)) -> dict[str, Any]:
    """The settings of a configuration, as plain values; parts may refer to single values ("@image_size").

    A part that comes with the weights is taken from their settings. A value that users write in several forms is taken
    from the id resolved_NAME of the configuration. A value that is not plain data is replaced by a description of it,
    which `write_settings` rejects.
    """
    config = parser.get()
    places = {name: _RESOLVED + name if _RESOLVED + name in config else name for name in names if name in config}
    return {name: _setting(parser, place, config[place]) for name, place in places.items()}


def settings_path(weights: str | Path) -> Path:
    """The file of settings that belongs to a file of weights: model.json beside model.pt."""
    return Path(weights).with_suffix(".json")


def read_settings(weights: str | Path) -> Settings | None:
    """The settings beside a file of weights; None if there is no such file.

    Raises:
        ValueError: with the name of the file, if it holds something else.
    """
    path = settings_path(weights)
    return load_settings(path) if os.path.lexists(path) else None  # a broken link is an error, not a missing file


def write_settings(
    weights: str | Path,
    workflow: ConfigWorkflow | None,
    *,
    dataset_dir: str | Path,
    datalists: Mapping[str, Any],
) -> None:
    """Write the settings of a configuration beside its future weights.

    If a setting is not plain data, such as a program ("$lambda ..."), a warning is logged and nothing is written.

    Args:
        weights: file of the weights.
        workflow: the workflow that runs the configuration; None (a tool reads the file) writes nothing.
        dataset_dir: folder of the data set; only its name is kept.
        datalists: items by the names of their lists; the number of items in each list is kept.
    """
    if workflow is None:
        return
    settings, path = settings_of(workflow.parser), settings_path(weights)
    images = {name: len(items) for name, items in datalists.items() if items}
    provenance = {"srs_monai": __version__, "dataset": Path(dataset_dir).resolve().name, "images": images}
    content = {PROVENANCE: provenance, **settings}
    try:
        if programs := list(_programs_in(settings)):
            raise ValueError(f"settings must be plain values, but there is {', '.join(programs)}")
        parse_settings(content, "the configuration")
    except ValueError as error:
        logger.warning("no settings are written beside %s: %s; inference needs this run's overlays", weights, error)
        return
    for name in (name for name in PARTS if name in settings):
        try:
            check_component(settings[name], name, catalogue_of(name))
        except ValueError as error:
            logger.warning("commands that use %s need to trust it: %s", path, error)
    write_atomically(path, (json.dumps(content, indent=4) + "\n").encode())


def split_of_run(weights: str | Path, dataset_dir: str | Path, *, ignore: bool = False) -> Path | None:
    """The folder of the split that the weights were trained on; None if it is not known.

    Args:
        weights: file of the weights.
        dataset_dir: folder of the data set. The split is known only for the data set of this name.
        ignore: True always gives None.
    """
    settings, folder = read_settings(weights), Path(weights).parent / "split"
    same = settings is not None and settings.provenance.get("dataset") == Path(dataset_dir).expanduser().resolve().name
    if ignore or not same:
        return None
    if not all((folder / name).is_file() for name in ("train.txt", "val.txt")):
        logger.warning("there is no %s: which images the weights were trained on is not known", folder)
        return None
    return folder


def _setting(parser: ConfigParser, name: str, value: Any) -> Any:
    if name in PARTS and isinstance(value, str) and value.startswith(f"$@{TRAINED}."):
        return parser.get_parsed_content(TRAINED).part(name)
    return _plain(parser, name, value)


def _plain(parser: ConfigParser, where: str, value: Any) -> Any:
    """A value of a configuration with all expressions evaluated, except references to single values."""
    if isinstance(value, Mapping):
        return {key: _plain(parser, f"{where}::{key}", part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(parser, f"{where}::{number}", part) for number, part in enumerate(value)]
    if isinstance(value, str) and value.startswith(("@", "$", "%")):
        if value in REFERENCES and where not in VALUES:
            return value
        if value.startswith("@") and value[1:] in parser:  # a part must not be built
            return _plain(parser, value[1:].replace("#", "::"), parser[value[1:]])
        return _plain(parser, where, parser.get_parsed_content(where))
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        return _Program(f"a {type(value).__name__} at {where.replace('::', '#')}")
    return {"true": True, "false": False}.get(value.lower(), value)  # a command line gives switches as text


def _programs_in(value: Any) -> Iterator[str]:
    """The descriptions in place of values that are not plain data."""
    if isinstance(value, _Program):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _programs_in(part)


class _Program(str):
    """The description of a value that is not plain data: its type and place."""
