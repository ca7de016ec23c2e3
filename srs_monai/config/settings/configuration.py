"""The settings that a configuration has, as plain values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monai.bundle import ConfigParser

from srs_monai.config.settings.schema import PARTS, REFERENCES, VALUES

#: id of the settings of the weights in configurations for inference and evaluation, see `TrainedSettings`
TRAINED = "trained"
_RESOLVED = "resolved_"  # how the id begins that gives a value in the one form in which it is kept


class Program(str):
    """Stands for a value that is not a plain one, and says what it is and where."""


def settings_of(parser: ConfigParser, names: Sequence[str] = (*VALUES, *PARTS)) -> dict[str, Any]:
    """The settings that a configuration has, as plain values; parts may refer to single values by name.

    A part that comes with the weights is given as their settings have it, and a value that people write in several
    forms as the configuration's resolved_NAME has it. A `Program` stands for a value that is not a plain one.
    """
    config = parser.get()
    places = {name: _RESOLVED + name if _RESOLVED + name in config else name for name in names if name in config}
    return {name: _setting(parser, place, config[place]) for name, place in places.items()}


def programs_in(value: Any) -> Iterator[str]:
    """What stands for values that are not plain ones."""
    if isinstance(value, Program):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from programs_in(part)


def _setting(parser: ConfigParser, name: str, value: Any) -> Any:
    if name in PARTS and isinstance(value, str) and value.startswith(f"$@{TRAINED}."):
        return parser.get_parsed_content(TRAINED).part(name)
    return _plain(parser, name, value)


def _plain(parser: ConfigParser, where: str, value: Any) -> Any:
    """A value of a configuration without what is evaluated, except references to single values."""
    if isinstance(value, Mapping):
        return {key: _plain(parser, f"{where}::{key}", part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(parser, f"{where}::{number}", part) for number, part in enumerate(value)]
    if isinstance(value, str) and value.startswith(("@", "$", "%")):
        if value in REFERENCES and where not in VALUES:
            return value
        if value.startswith("@") and value[1:] in parser:  # a part, which is not to be built
            return _plain(parser, value[1:].replace("#", "::"), parser[value[1:]])
        return _plain(parser, where, parser.get_parsed_content(where))
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        return Program(f"a {type(value).__name__} at {where.replace('::', '#')}")
    return {"true": True, "false": False}.get(value.lower(), value)  # as a command line gives a switch
