"""The comparison of a configuration with the settings of its weights."""

import json
import logging
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from srs_monai.config.settings.schema import PARTS, VALUES, Settings
from srs_monai.config.settings.settings_files import read_settings, settings_of

logger = logging.getLogger(__name__)

_ABSENT = "nothing"
_REPORTED_ONLY = ("threshold", "label_names")  # they do not change the images that a network gets
_TRAINING_ONLY = ("deep_supervision",)  # arguments of networks that change neither weights nor the finest output


@dataclass(frozen=True)
class Difference:
    """A setting of the training that differs from the configuration.

    Args:
        name: name of the value, "image_size", or its place in a part, "network_def#segmentation_blocks".
        trained, here: the two values.
    """

    name: str
    trained: Any
    here: Any

    def __str__(self) -> str:
        return f"{self.name} {_text(self.trained)} (here {_text(self.here)})"


def check_settings(settings: Settings, workflow: ConfigWorkflow | None, *, ignore: bool = False) -> None:
    """Reject a configuration that prepares images in another way than the training of the weights.

    Another threshold, other names of labels, and a recipe that only the settings name are reported as a warning.
    Weights without settings are accepted.

    Args:
        settings: settings of the weights.
        workflow: the workflow that runs the configuration; None (a tool reads the file) checks nothing.
        ignore: report all differences as a warning.

    Raises:
        ValueError: with the differences.
    """
    if workflow is None:
        return
    if settings.warning:
        logger.warning("%s: %s", settings.path, settings.warning)
    differing = list(differences(settings, settings_of(workflow.parser)))
    harmless = [one for one in differing if one.name in _REPORTED_ONLY or (one.name == "recipe" and one.here is None)]
    reported = differing if ignore else harmless
    if reported:
        logger.warning("%s: trained with %s", settings.path, _listed(reported))
    rejected = [one for one in differing if one not in reported]
    if rejected:
        raise ValueError(
            f"a network must get images as in its training, but by {settings.path} it was trained with "
            f"{_listed(rejected)}; {_way_out(rejected, 'omit the overlay that changes it')}, or continue with "
            "--ignore_settings true"
        )


def check_resumed(weights: str | Path, workflow: ConfigWorkflow | None, *, resume: bool = True) -> None:
    """Reject a resumed run whose settings differ from its first ones, which are in the file beside its weights.

    Args:
        weights: file of the weights that the run writes.
        workflow: the workflow that runs the configuration; None (a tool reads the file) checks nothing.
        resume: whether the run is resumed; False checks nothing.

    Raises:
        ValueError: with the differences.
    """
    settings = read_settings(weights) if resume and workflow is not None else None
    if workflow is None or settings is None:
        return
    differing = list(differences(settings, settings_of(workflow.parser)))
    if differing:
        raise ValueError(
            f"a run must be resumed with its first settings, but {settings.path} has {_listed(differing)}; "
            f"{_way_out(differing, 'give the first overlays of the run')}, or start a new run in another "
            "output_dir"
        )


def differences(settings: Settings, here: Mapping[str, Any]) -> Iterator[Difference]:
    """The differences between the settings of weights and those of a configuration; only the first one of each part."""
    for name in VALUES:
        if name in settings.values and settings.values[name] != here.get(name, _ABSENT):
            yield Difference(name, settings.values[name], here.get(name, _ABSENT))
    for name in PARTS:
        if name in settings.values:
            trained, ours = settings.values[name], here.get(name, _ABSENT)
            yield from list(_unlike(name, trained, ours, settings.values, here))[:1]


def _unlike(
    place: str, trained: Any, here: Any, their_values: Mapping[str, Any], our_values: Mapping[str, Any]
) -> Iterator[Difference]:
    if trained == here:  # also for equal references, whose values are compared separately
        return
    trained, here = _referred(trained, their_values), _referred(here, our_values)
    if isinstance(trained, Mapping) and isinstance(here, Mapping):
        for key in dict.fromkeys([*trained, *here]):
            if key in _TRAINING_ONLY:
                continue
            ours = here.get(key, _ABSENT)
            yield from _unlike(f"{place}#{key}", trained.get(key, _ABSENT), ours, their_values, our_values)
    elif trained != here:
        yield Difference(place, trained, here)


def _referred(value: Any, values: Mapping[str, Any]) -> Any:
    return values.get(value[1:], value) if isinstance(value, str) and value.startswith("@") else value


def _way_out(differing: list[Difference], otherwise: str) -> str:
    if all(one.name in VALUES and one.here != _ABSENT and one.trained is not None for one in differing):
        return "give " + " ".join(f"--{one.name} {_quoted(one.trained)}" for one in differing)
    return otherwise


def _listed(differing: list[Difference]) -> str:
    return ", ".join(map(str, differing))


def _quoted(value: Any) -> str:
    text = _text(value)
    return shlex.quote(text) if " " in text else text


def _text(value: Any) -> str:
    """A value as YAML and the command line write it."""
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)
