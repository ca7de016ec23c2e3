"""The labels of a network's results: parsed from the names that people give, and kept as plain values in settings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from srs_monai.labels.coded_concept import Code, clean_text
from srs_monai.labels.label import TISSUE, Label, default_labels
from srs_monai.labels.label_forms import FORM, Description, name_in, numbered_labels
from srs_monai.text import few

_WHITE = 255  # label files of a binary task may hold it instead of 1
_LABEL_KEYS, _CODE_KEYS = ("name", "code", "category", "colour"), ("value", "meaning", "scheme")


def parse_label_names(
    value: Any,
    out_channels: int,
    *,
    otherwise: Sequence[Label] | None = None,
    values: Sequence[Sequence[int]] | None = None,
    origin: str = "label_names",
) -> tuple[Label, ...]:
    """The labels of a network's results, with the given names.

    A description may hold more than the name, {"name": "liver", "code": {"value": "10200004", "meaning": "Liver",
    "scheme": "SCT"}, "category": {...}, "colour": [220, 20, 60]}. The default scheme of a code is SNOMED CT, and its
    default meaning is the name.

    Args:
        value: the names in a form of `numbered_labels`, or one name for the only label; None names no label.
        out_channels: channels of the network: 1 is one label, N are the background and N - 1 labels.
        otherwise: the labels that `value` does not name; None: `default_labels`. A label that gets the same name keeps
            its code, category and colour.
        values: the values in label files for each class, the background first, if the numbers are those of the files.
        origin: where the value comes from, for messages.

    Raises:
        ValueError: naming the origin, for other forms, for numbers that the network does not have, for labels or names
            that occur twice, and for names, codes and colours that `Label` and `Code` reject.
    """
    labels = list(default_labels(out_channels) if otherwise is None else otherwise)
    try:
        named: dict[int, Description] = {}
        for number, description in numbered_labels(value, single=len(labels) == 1):
            place = _class_of(number, out_channels, values)
            if number == 0 and name_in(description) != "background":
                raise ValueError(f"number 0 must be the background; got {description!r}; count labels from 1")
            if place in named and values is None:
                raise ValueError(f"a label must have one name; got {named[place]!r} and {description!r}; remove one")
            if place:
                # a class that files hold under several numbers keeps the name of the whole
                named[place] = labels[place - 1].name if place in named else description
        for place, description in named.items():
            labels[place - 1] = _label(description, labels[place - 1])
        if twice := [name for name, count in Counter(label.name for label in labels).items() if count > 1]:
            raise ValueError(f"labels must have different names; got {few(twice)} for several labels; rename them")
    except ValueError as error:
        raise ValueError(f"{origin}: {error}") from error
    return tuple(labels)


def plain_label_names(labels: Sequence[Label], otherwise: Sequence[Label]) -> dict[str, Any] | None:
    """The labels in the form that settings keep: numbers to names, or to descriptions if a label has more.

    Args:
        labels: the labels in the order of their numbers.
        otherwise: the labels if none was named. Labels that are the same are omitted.

    Returns:
        {"1": "liver"} or {"1": {"name": "liver", ...}}, plain values from which `parse_label_names` builds the same
        labels; None if all labels are omitted.
    """
    described: dict[str, dict[str, Any]] = {}
    for number, (label, before) in enumerate(zip(labels, otherwise, strict=True), 1):
        if label != before:
            kept = _renamed(label.name, before)
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


def _class_of(number: int, out_channels: int, values: Sequence[Sequence[int]] | None) -> int:
    """The class of a number, 0 for the background."""
    if values is not None:
        places = [place for place, held in enumerate(values) if number in held]
        if not places:
            known = few(str(each) for held in values for each in held)
            raise ValueError(f"the recipe's label files hold {known}, but {number} has a name; remove this name")
        return places[0]
    highest = max(1, out_channels - 1)
    if number == _WHITE and highest == 1:
        return 1
    if number > highest:
        there = "only label 1" if highest == 1 else f"labels 1 to {highest}"
        raise ValueError(
            f"a network with out_channels {out_channels} has {there}, but label {number} has a name; set out_channels "
            f"to {number + 1} or remove this name"
        )
    return number


def _label(description: Any, before: Label) -> Label:
    """The label of a description; if the name stays the same, parts that are not given stay too."""
    parts = description if isinstance(description, Mapping) else {"name": description}
    _check_keys(parts, _LABEL_KEYS, "a label")
    name = parts.get("name")
    kept = _renamed(clean_text(name) if isinstance(name, str) else name, before)
    given: dict[str, Any] = {key: _code(parts[key], kept.name) for key in ("code", "category") if key in parts}
    if "colour" in parts:
        colour = parts["colour"]
        given["colour"] = tuple(colour) if isinstance(colour, list | tuple) else (colour,)
    return replace(kept, **given)


def _renamed(name: Any, before: Label) -> Label:
    """A label with this name; a new name removes code, category and colour."""
    return before if name == before.name else replace(before, name=name, code=TISSUE, category=TISSUE, colour=None)


def _code(value: Any, name: str) -> Code:
    if not isinstance(value, Mapping):
        raise ValueError(f"a code needs a value and a meaning; got {value!r} for {name!r}; {FORM}")
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
        raise ValueError(f"{what} may only have {', '.join(known)}; got {few(unknown)}; correct it")
