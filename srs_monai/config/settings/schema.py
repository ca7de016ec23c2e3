"""The schema of settings files: plain values with known names, within limits. Nothing in a file is evaluated."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, NotRequired

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from srs_monai.errors import one_line

PROVENANCE = "provenance"
#: parts of a configuration that prepare images, and the network itself
PARTS = ("cropping", "scaling", "normalization", "network_def")

_LARGEST_FILE = 2**20  # bytes
_DEEPEST, _LONGEST, _LONGEST_TEXT, _LARGEST_NUMBER = 8, 256, 500, 1e9
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_EVALUATED = ("@", "$", "%")  # first characters of texts that MONAI evaluates
_TARGET, _KEYWORDS = "_target_", ("_target_", "_desc_", "_disabled_")  # of MONAI's components

_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,64}$")]
_LabelNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")]
_Text = Annotated[str, StringConstraints(max_length=_LONGEST_TEXT)]
_Channels = Annotated[int, Field(ge=1, le=4096)]
_Side = Annotated[int, Field(ge=1, le=4096)]
_Number = Annotated[float, Field(ge=-_LARGEST_NUMBER, le=_LARGEST_NUMBER, allow_inf_nan=False)]
_STRICT = ConfigDict(extra="forbid", strict=True)


class _Code(TypedDict):
    """A concept of a terminology; `parse_label_names` checks its values."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    value: _Text
    scheme: NotRequired[_Text]
    meaning: NotRequired[_Text]


class _Label(TypedDict):
    """The name of a label, with its code, category and colour."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    name: _Text
    code: NotRequired[_Code]
    category: NotRequired[_Code]
    colour: NotRequired[Annotated[list[int], Field(min_length=3, max_length=3)]]


class _Values(TypedDict, total=False):
    """The single values; each may be missing."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    recipe: _Name | None
    label_names: Annotated[dict[_LabelNumber, _Text | _Label], Field(max_length=_LONGEST)] | None
    in_channels: _Channels
    out_channels: _Channels
    image_size: Annotated[list[_Side], Field(min_length=2, max_length=3)] | None
    antialias: bool
    intensity: Literal["auto", "window", "range", "percentile"]
    window_level: _Number
    window_width: Annotated[_Number, Field(gt=0)]
    threshold: Annotated[float, Field(gt=0, lt=1)]


class _Provenance(TypedDict, total=False):
    """Where the weights come from; further facts are ignored."""

    __pydantic_config__ = ConfigDict(extra="ignore", strict=True)  # type: ignore[misc]

    srs_monai: _Text
    dataset: _Text
    images: dict[_Text, int]
    warning: _Text


#: values of a configuration that decide what a network sees and gives
VALUES = tuple(_Values.__annotations__)
#: how a part refers to one of the values
REFERENCES = tuple(f"@{name}" for name in VALUES if name != "label_names")


@dataclass(frozen=True)
class Settings:
    """The content of a file of settings.

    Args:
        values: single values and parts, by name. A part is {"_target_": name, argument: plain value}; it may refer to
            single values ("@image_size").
        provenance: version of this package, name of the data set, numbers of its images; "warning": an optional warning
            to users of the weights.
        path: path of the file.
    """

    values: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    path: Path = Path()

    @property
    def warning(self) -> str:
        """The warning to users of the weights, without control characters; usually ""."""
        words = " ".join(str(self.provenance.get("warning", "")).split())
        return "".join(letter for letter in words if letter.isprintable())


def load_settings(path: str | Path) -> Settings:
    """Read a file of settings. It is data: names in it are neither imported nor looked up here.

    Raises:
        ValueError: with the name of the file, if it is missing, too large, not JSON, or holds anything but settings.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"settings must be a file, but {path} is not one; correct its name")
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise ValueError(
            f"settings must be a readable file, but {path} is not: {one_line(error)}; check its permissions"
        ) from error
    if len(content) > _LARGEST_FILE:
        raise ValueError(
            f"settings must be a small file, but {path} has more than {_LARGEST_FILE} bytes; name another file"
        )
    try:
        values = json.loads(content.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"settings must be a JSON file, but {path} cannot be read as JSON ({one_line(error)}); correct or remove it"
        ) from error
    return parse_settings(values, path)


def parse_settings(content: Any, path: str | Path) -> Settings:
    """The settings in the content of a JSON file.

    Args:
        content: parsed content of the file.
        path: path of the file, for messages.

    Raises:
        ValueError: with the name of the file and the first wrong value.
    """
    if not isinstance(content, Mapping) or not isinstance(content.get(PROVENANCE), Mapping):
        raise ValueError(
            f"a file of settings must be a JSON object with {PROVENANCE!r}, but {path} is something else; remove it"
        )
    provenance = dict(content[PROVENANCE])
    values = {name: value for name, value in content.items() if name != PROVENANCE}
    unknown = sorted(set(values) - {*VALUES, *PARTS})
    if unknown:
        raise ValueError(
            f"settings may be {', '.join((*VALUES, *PARTS))}, but {path}, of srs_monai "
            f"{provenance.get('srs_monai')!r:.20}, has {', '.join(unknown)!r:.200}; use that version of srs_monai, or "
            "remove these"
        )
    try:
        TypeAdapter(_Provenance).validate_python(provenance)
        TypeAdapter(_Values).validate_python({name: value for name, value in values.items() if name in VALUES})
    except ValidationError as error:
        first = max(
            error.errors(), key=lambda one: len(one["loc"])
        )  # the longest place belongs to the form that was meant
        where = "#".join(f"{key!s:.64}" for key in first["loc"] if key not in ("constrained-str", "_Label"))
        if not where.isprintable():
            where = repr(where)
        reason = one_line(first["msg"])
        raise ValueError(f"{path}: {where} is {first['input']!r:.200}: {reason:.200}; correct it") from error
    for name in (name for name in PARTS if name in values):
        if not isinstance(values[name], Mapping) or not isinstance(values[name].get(_TARGET), str):
            raise ValueError(
                f'{path}: {name} must be a component, {{"{_TARGET}": name, argument: value}}; got {values[name]!r:.200}'
            )
        _check_plain(values[name], f"{path}: {name}")
    return Settings(values, provenance, Path(path))


def _check_plain(value: Any, where: str, depth: int = 0) -> None:
    """Reject everything but plain values within limits, and texts that MONAI would evaluate."""
    if depth > _DEEPEST:
        raise ValueError(f"settings may be nested {_DEEPEST} deep at most, but {where} is deeper; simplify it")
    if isinstance(value, Mapping | list) and len(value) > _LONGEST:
        raise ValueError(
            f"settings may hold {_LONGEST} items in one place at most, but {where} has {len(value)}; shorten it"
        )
    if isinstance(value, Mapping):
        for key, part in value.items():
            if not _KEY.fullmatch(key) or (key.startswith("_") and key not in _KEYWORDS):
                raise ValueError(
                    f"keys in settings must be names of arguments or {', '.join(_KEYWORDS)}, but {where} has "
                    f"{key!r:.80}; remove it"
                )
            _check_plain(part, f"{where}#{key}", depth + 1)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            _check_plain(part, f"{where}#{number}", depth + 1)
    elif isinstance(value, str):
        if value.startswith(_EVALUATED) and value not in REFERENCES:
            raise ValueError(
                f"settings must be data, not programs, but {where} is {value!r:.200}; put it into your own overlay"
            )
        if len(value) > _LONGEST_TEXT:
            raise ValueError(
                f"texts in settings may have {_LONGEST_TEXT} letters at most, but {where} has {len(value)}; shorten it"
            )
    elif isinstance(value, bool) or value is None:
        return
    elif not isinstance(value, int | float) or not -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
        raise ValueError(
            f"numbers in settings must be finite and at most {_LARGEST_NUMBER:g}, but {where} is {value!r:.200}; "
            "correct it"
        )


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number of JSON")
