"""Files of settings beside weights: model.json belongs to model.pt."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from srs_monai import __version__
from srs_monai.config.settings.catalogue import catalogue_of, check_component
from srs_monai.config.settings.configuration import programs_in, settings_of
from srs_monai.config.settings.schema import PARTS, PROVENANCE, Settings, load_settings, parse_settings
from srs_monai.files import write_atomically

logger = logging.getLogger(__name__)


def settings_path(weights: str | Path) -> Path:
    """Where the settings of a file of weights lie: beside it, model.json for model.pt."""
    return Path(weights).with_suffix(".json")


def read_settings(weights: str | Path) -> Settings | None:
    """The settings beside a file of weights; None where there are none.

    Raises:
        ValueError: naming the file, when it holds something else.
    """
    path = settings_path(weights)
    return load_settings(path) if os.path.lexists(path) else None  # a link to nothing is no absence of settings


def write_settings(
    weights: str | Path,
    workflow: ConfigWorkflow | None,
    *,
    dataset_dir: str | Path,
    datalists: Mapping[str, Any],
) -> None:
    """Write the settings of a configuration beside the weights that it will write.

    Nothing is written when a setting is not plain data, such as a program ("$lambda ..."); a warning says so.

    Args:
        weights: file of the weights.
        workflow: that runs the configuration; None (a tool reads the file by itself): nothing is written.
        dataset_dir: folder of the data set; only its name is kept.
        datalists: items by the names of their lists; their numbers are kept.
    """
    if workflow is None:
        return
    settings, path = settings_of(workflow.parser), settings_path(weights)
    images = {name: len(items) for name, items in datalists.items() if items}
    provenance = {"srs_monai": __version__, "dataset": Path(dataset_dir).resolve().name, "images": images}
    content = {PROVENANCE: provenance, **settings}
    try:
        if programs := list(programs_in(settings)):
            raise ValueError(f"settings are plain values, but there is {', '.join(programs)}")
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
    """Where the run that left weights wrote down its split; None where that is not known.

    Args:
        weights: file of the weights.
        dataset_dir: folder of the data set; weights that were trained on one of another name tell nothing of it.
        ignore: look for none.
    """
    settings, folder = read_settings(weights), Path(weights).parent / "split"
    same = settings is not None and settings.provenance.get("dataset") == Path(dataset_dir).expanduser().resolve().name
    if ignore or not same:
        return None
    if not all((folder / name).is_file() for name in ("train.txt", "val.txt")):
        logger.warning("%s is not there: which images the weights were trained on is not known", folder)
        return None
    return folder
