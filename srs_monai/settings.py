"""Settings that travel with the weights: beside model.pt, model.json says what inference has to repeat of training.

The file is an overlay: put after a bundle's configuration, it gives that the values of the training.
"""

import inspect
import json
import logging
import pydoc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import monai.networks.nets
import monai.transforms
from monai.bundle import ConfigParser
from torch import nn

from srs_monai import __version__
from srs_monai.files import write_atomically
from srs_monai.workflow import running_workflow

logger = logging.getLogger(__name__)

#: values at the top of a configuration on which what a network sees and gives depends
VALUES = (
    *("recipe", "in_channels", "out_channels", "image_size", "antialias"),
    *("intensity", "window_level", "window_width", "threshold"),
)
#: parts of a configuration that prepare images, and the network itself
PARTS = ("cropping", "scaling", "normalization", "network_def")
PROVENANCE = "provenance"

_REFERENCES = tuple(f"@{name}" for name in VALUES)
_EVALUATED = ("@", "$", "%")  # how texts begin that MONAI replaces


class _Program(str):
    """Stands for a value that is no plain one, and says what it is and where."""


@dataclass(frozen=True)
class Settings:
    """What is written beside weights.

    Args:
        values: of the configuration, by name. Parts refer to single values ("@image_size") and hold nothing else that
            is evaluated.
        provenance: version of this package, name of the data set, numbers of its images; "warning", where those who
            use the weights must know something.
        path: of the file.
    """

    values: dict[str, Any]
    provenance: dict[str, Any] = field(default_factory=dict)
    path: Path = Path()

    @property
    def warning(self) -> str:
        """What those who use the weights must know; mostly nothing."""
        return str(self.provenance.get("warning", ""))


def settings_path(weights: str | Path) -> Path:
    """Where the settings of a file of weights lie: beside it, model.json for model.pt."""
    return Path(weights).with_suffix(".json")


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


def write_settings(weights: str | Path, *, dataset_dir: str | Path, datalists: Mapping[str, Any]) -> None:
    """Write the settings of the configuration being run beside the weights that it will leave.

    Nothing is written without a workflow (a tool that reads the file by itself), and where a setting is no plain value
    but a program ("$lambda ..."), which is said.

    Args:
        weights: file of the weights.
        dataset_dir: folder of the data set, of which the name alone is kept.
        datalists: items by the names of their lists, which are counted.
    """
    workflow = running_workflow()
    if workflow is None:
        return
    settings = settings_of(workflow.parser)
    programs = list(_programs(settings))
    if programs:
        logger.warning(
            "no settings are written beside %s, for they are plain values, but there is %s; inference needs the same "
            "overlays as this run",
            weights,
            ", ".join(programs),
        )
        return
    images = {name: len(items) for name, items in datalists.items() if items}
    provenance = {"srs_monai": __version__, "dataset": Path(dataset_dir).resolve().name, "images": images}
    content = {PROVENANCE: provenance, **settings}
    write_atomically(settings_path(weights), (json.dumps(content, indent=4) + "\n").encode())


def settings_of(parser: ConfigParser, names: Sequence[str] = (*VALUES, *PARTS)) -> dict[str, Any]:
    """The settings that a configuration has, as plain values; parts may refer to single values by name.

    A text that says so stands for a value that is no plain one.
    """
    config = parser.get()
    return {name: _plain(parser, name, config[name]) for name in names if name in config}


def read_settings(weights: str | Path) -> Settings | None:
    """The settings beside a file of weights; None where there are none.

    They are data, as the weights are: expressions are refused, and of classes all but networks and transforms.

    Raises:
        ValueError: naming the file, when it holds something else.
    """
    path = settings_path(weights)
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"the settings of weights stand beside them, but {path} is no JSON ({error}); mend it or take it away"
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get(PROVENANCE), dict):
        raise ValueError(
            f"the settings of weights stand beside them, with their {PROVENANCE}, but {path} is something else; take "
            "it away"
        )
    provenance = content.pop(PROVENANCE)
    unknown = set(content) - {*VALUES, *PARTS}
    if unknown:
        raise ValueError(
            f"settings are {', '.join((*VALUES, *PARTS))}, but {path}, of srs_monai {provenance.get('srs_monai')}, has "
            f"{', '.join(sorted(unknown))}; use that version, or take these out"
        )
    for name, value in content.items():
        _check_data(value, f"{path}: {name}")
    return Settings(content, provenance, path)


def _plain(parser: ConfigParser, where: str, value: Any) -> Any:
    """A value of a configuration without what is evaluated, but for references to single values."""
    if isinstance(value, Mapping):
        return {key: _plain(parser, f"{where}::{key}", part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(parser, f"{where}::{number}", part) for number, part in enumerate(value)]
    if isinstance(value, str) and value.startswith(_EVALUATED):
        if value in _REFERENCES and where not in VALUES:
            return value
        if value.startswith("@") and value[1:] in parser:  # a part, which is not to be built
            return _plain(parser, value[1:].replace("#", "::"), parser[value[1:]])
        return _plain(parser, where, parser.get_parsed_content(where))
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        return _Program(f"a {type(value).__name__} at {where.replace('::', '#')}")
    return {"true": True, "false": False}.get(value.lower(), value)  # as a command line gives a switch


def _programs(value: Any) -> Iterator[str]:
    """What stands for values that are no plain ones."""
    if isinstance(value, _Program):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _programs(part)


def _check_data(value: Any, where: str) -> None:
    """Refuse what would run a program, or make anything but networks and transforms."""
    if isinstance(value, Mapping):
        if "_target_" in value and not _is_network_or_transform(value["_target_"]):
            raise ValueError(
                f"settings of weights name networks and transforms, but {where} has the _target_ "
                f"{value['_target_']!r}; put it into an overlay of your own"
            )
        for key, part in value.items():
            _check_data(part, f"{where}#{key}")
    elif isinstance(value, list):
        for part in value:
            _check_data(part, where)
    elif isinstance(value, str) and value.startswith(_EVALUATED) and value not in _REFERENCES:
        raise ValueError(
            f"settings of weights are data and never programs, but {where} is {value!r}; put it into an overlay of "
            "your own"
        )


def _is_network_or_transform(target: Any) -> bool:
    """Whether a class of this name is one, or our own function that makes one; names without a dot are MONAI's."""
    if not isinstance(target, str):
        return False
    if "." in target:
        try:
            found = pydoc.locate(target)
        except pydoc.ErrorDuringImport:
            return False
    else:
        found = getattr(monai.networks.nets, target, None) or getattr(monai.transforms, target, None)
    if isinstance(found, type):
        return issubclass(found, nn.Module | monai.transforms.Transform)
    return inspect.isfunction(found) and found.__module__.startswith("srs_monai.networks.")
