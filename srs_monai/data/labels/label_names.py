"""Names of labels, in the forms in which people write them and in the one in which settings keep them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml

from srs_monai.data.labels.concept import Code, clean_text
from srs_monai.data.labels.label import TISSUE, Label, default_labels
from srs_monai.text import few

_WHITE = 255  # what label files of a binary task may hold in place of 1
_LABEL_KEYS, _CODE_KEYS = ("name", "code", "category", "colour"), ("value", "meaning", "scheme")
_FORM = 'write {1: liver, 2: spleen} or {1: {name: liver, code: {value: "10200004", meaning: Liver}}}'

Description = str | Mapping[str, Any]


def parse_label_names(
    value: Any,
    out_channels: int,
    *,
    otherwise: Sequence[Label] | None = None,
    values: Sequence[Sequence[int]] | None = None,
    origin: str = "label_names",
) -> tuple[Label, ...]:
    """The labels of a network's results, all or some of which are named.

    The names may be given

    - by number, as lists of the Medical Segmentation Decathlon have them: {"0": "background", "1": "liver"};
    - by number with more than the name, {1: {"name": "liver", "code": {"value": "10200004", "meaning": "Liver",
      "scheme": "SCT"}, "category": {...}, "colour": [220, 20, 60]}}: a code is of SNOMED CT unless its scheme says
      otherwise, and means the name unless it says otherwise;
    - with their numbers, as lists of nnU-Net have them: {"background": 0, "liver": 1};
    - in the order of the numbers 1, 2, ...: ["liver", "spleen"];
    - as one name, of the only label;
    - as a text that holds one of these in YAML or JSON.

    Args:
        value: the names; None names no label.
        out_channels: of the network: 1 is one label, N the background and N - 1 labels.
        otherwise: what the labels are that are not named; None: `default_labels`. A label that is named as it is there
            keeps its code, category and colour.
        values: what label files hold for each class, the background first, where the numbers are those of the files.
        origin: of the value, for messages.

    Raises:
        ValueError: naming the origin, for other forms, numbers that the network does not have, labels or names that
            stand twice, regions of several numbers and pixels to be ignored, which nnU-Net has and this package has
            not, and for names, codes and colours that `Label` and `Code` refuse.
    """
    labels = list(default_labels(out_channels) if otherwise is None else otherwise)
    try:
        named: dict[int, Description] = {}
        for number, description in _numbered(value, single=len(labels) == 1):
            place = _class_of(number, out_channels, values)
            if number == 0 and _name_in(description) != "background":
                raise ValueError(f"number 0 is the background; got {description!r}; count labels from 1")
            if place in named and values is None:
                raise ValueError(f"a label has one name; got {named[place]!r} and {description!r}; leave one of them")
            if place:
                # classes that files hold under several numbers keep the name of the whole
                named[place] = labels[place - 1].name if place in named else description
        for place, description in named.items():
            labels[place - 1] = _label(description, labels[place - 1])
        if twice := [name for name, count in Counter(label.name for label in labels).items() if count > 1]:
            raise ValueError(f"labels have names of their own; got {few(twice)} for several of them; rename them")
    except ValueError as error:
        raise ValueError(f"{origin}: {error}") from error
    return tuple(labels)


def plain_label_names(labels: Sequence[Label], otherwise: Sequence[Label]) -> dict[str, Any] | None:
    """The labels in the form that settings keep: by number, descriptions, or names where there is nothing else.

    Args:
        labels: in the order of their numbers.
        otherwise: what labels are that are not named. Those that are the same are left out.

    Returns:
        {"1": "liver"} or {"1": {"name": "liver", ...}}, plain values of which `parse_label_names` makes the labels
        again; None where nothing is left.
    """
    described: dict[str, dict[str, Any]] = {}
    for number, (label, before) in enumerate(zip(labels, otherwise, strict=True), 1):
        if label != before:
            kept = _kept(label.name, before)
            parts = {
                "code": None if label.code == kept.code else plain_code(label.code),
                "category": None if label.category == kept.category else plain_code(label.category),
                "colour": None if label.colour in (None, kept.colour) else list(label.colour),
            }
            described[str(number)] = {"name": label.name, **{key: part for key, part in parts.items() if part}}
    if all(len(parts) == 1 for parts in described.values()):
        return {number: parts["name"] for number, parts in described.items()} or None
    return dict(described)


def plain_code(code: Code) -> dict[str, str]:
    """A code as plain values."""
    return {"value": code.value, "scheme": code.scheme, "meaning": code.meaning}


def _numbered(value: Any, *, single: bool) -> list[tuple[int, Description]]:
    """Numbers and what stands for each, in any of the forms."""
    if isinstance(value, str):
        try:
            read = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ValueError(f"a text with names is YAML or JSON; got {value!r}; {_FORM}") from error
        value = [value] if isinstance(read, str) and single else read
    if value is None:
        return []
    if isinstance(value, list | tuple):
        first = 0 if value and _name_in(value[0]) == "background" else 1
        return list(enumerate(value, first))
    if not isinstance(value, Mapping):
        raise ValueError(f"labels are named by their numbers; got {value!r}; {_FORM}")
    numbers = [_number(key) for key in value]
    if None not in numbers:
        return list(zip(numbers, value.values(), strict=True))  # type: ignore[arg-type]
    if any(number is not None for number in numbers):
        raise ValueError(f"labels are named by their numbers, or have their numbers; got both: {value!r}; {_FORM}")
    return [(_number_of(name, number), name) for name, number in value.items()]


def _number(value: Any) -> int | None:
    """A whole number of 0 or more, also as a text."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _number_of(name: Any, value: Any) -> int:
    """The number that nnU-Net's form has for a name."""
    if str(name).casefold() == "ignore":
        raise ValueError(
            f"every pixel counts here, but {value!r} is to be ignored; renumber those pixels, and take {name!r} out"
        )
    single = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    if isinstance(single, list | tuple):
        raise ValueError(
            f"a label has one number and no pixel two labels, but {name!r} is a region of {list(single)}; name the "
            f"labels that the files hold, by label_names"
        )
    number = _number(single)
    if number is None:
        raise ValueError(f"labels are named by their numbers; got {value!r} for {name!r}; {_FORM}")
    return number


def _class_of(number: int, out_channels: int, values: Sequence[Sequence[int]] | None) -> int:
    """The class, 0 for the background, that a number stands for."""
    if values is not None:
        places = [place for place, held in enumerate(values) if number in held]
        if not places:
            known = few(str(each) for held in values for each in held)
            raise ValueError(f"label files of the recipe hold {known}; got a name for {number}; leave it out")
        return places[0]
    highest = max(1, out_channels - 1)
    if number == _WHITE and highest == 1:
        return 1
    if number > highest:
        there = "the label 1 alone" if highest == 1 else f"the labels 1 to {highest}"
        raise ValueError(
            f"out_channels {out_channels} has {there}; got a name for {number}; set out_channels to {number + 1}, or "
            f"leave the name out"
        )
    return number


def _name_in(description: Any) -> str:
    """The name in a description, as names are compared; "" where it has none."""
    name = description.get("name") if isinstance(description, Mapping) else description
    return clean_text(name).casefold() if isinstance(name, str) else ""


def _label(description: Any, before: Label) -> Label:
    """The label of a description, with what it does not say as it was before where the name is the same."""
    parts = description if isinstance(description, Mapping) else {"name": description}
    _check_keys(parts, _LABEL_KEYS, "a label")
    name = parts.get("name")
    kept = _kept(clean_text(name) if isinstance(name, str) else name, before)
    given: dict[str, Any] = {key: _code(parts[key], kept.name) for key in ("code", "category") if key in parts}
    if "colour" in parts:
        colour = parts["colour"]
        given["colour"] = tuple(colour) if isinstance(colour, list | tuple) else (colour,)
    return replace(kept, **given)


def _kept(name: Any, before: Label) -> Label:
    """A label of which only the name is given."""
    return before if name == before.name else replace(before, name=name, code=TISSUE, category=TISSUE, colour=None)


def _code(value: Any, name: str) -> Code:
    if not isinstance(value, Mapping):
        raise ValueError(f"a code is told by its value and meaning; got {value!r} for {name!r}; {_FORM}")
    _check_keys(value, _CODE_KEYS, "a code")
    number = value.get("value")
    meaning = value.get("meaning", name)
    return Code(
        str(number) if isinstance(number, int) and not isinstance(number, bool) else number,  # type: ignore[arg-type]
        clean_text(meaning) if isinstance(meaning, str) else meaning,
        value.get("scheme", Code.scheme),
    )


def _check_keys(parts: Mapping[Any, Any], known: Sequence[str], what: str) -> None:
    unknown = [repr(key) for key in parts if key not in known]
    if unknown:
        raise ValueError(f"{what} is described by {', '.join(known)}; got {few(unknown)}; correct it")
