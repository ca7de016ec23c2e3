"""The forms in which people write which number is which label, read in one place."""

from collections.abc import Mapping
from typing import Any

import yaml

from srs_monai.labels.coded_concept import clean_text

FORM = 'write {1: liver, 2: spleen} or {1: {name: liver, code: {value: "10200004", meaning: Liver}}}'

Description = str | Mapping[str, Any]


def numbered_labels(value: Any, *, single: bool = False) -> list[tuple[int, Description]]:
    """Pairs of a number and a label's name or description.

    These forms are read:

    - numbers to names, as in lists of the Medical Segmentation Decathlon: {"0": "background", "1": "liver"};
    - numbers to descriptions: {1: {"name": "liver", "code": {"value": "10200004", "meaning": "Liver"}}};
    - names to numbers, as in lists of nnU-Net: {"background": 0, "liver": 1};
    - names in the order of the numbers 1, 2, ...: ["liver", "spleen"];
    - a text that holds one of these in YAML or JSON.

    Args:
        value: the labels; None gives none.
        single: accept one plain name, as the name of label 1.

    Raises:
        ValueError: for other forms, and for regions of several numbers and pixels to ignore, which nnU-Net supports
            and this package does not.
    """
    if isinstance(value, str):
        try:
            read = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ValueError(f"a text with names must be YAML or JSON; got {value!r}; {FORM}") from error
        value = [value] if isinstance(read, str) and single else read
    if value is None:
        return []
    if isinstance(value, list | tuple):
        first = 0 if value and name_in(value[0]) == "background" else 1
        return list(enumerate(value, first))
    if not isinstance(value, Mapping):
        raise ValueError(f"labels must be named by their numbers; got {value!r}; {FORM}")
    numbers = [_number(key) for key in value]
    if None not in numbers:
        return list(zip(numbers, value.values(), strict=True))  # type: ignore[arg-type]
    if any(number is not None for number in numbers):
        raise ValueError(f"labels must map numbers to names, or names to numbers; got both: {value!r}; {FORM}")
    return [(_number_of(name, number), name) for name, number in value.items()]


def region_numbers(labels: Any, source: str) -> dict[str, int]:
    """Class numbers above 0 by the names of DICOM regions. Several regions may form one class.

    Args:
        labels: the "labels" of a data list, in a form of `numbered_labels`.
        source: name of the data list, for messages.

    Raises:
        ValueError: for other forms, for a region with two numbers, and if no number is above 0.
    """
    numbers: dict[str, int] = {}
    try:
        for number, description in numbered_labels(labels):
            name = description.get("name") if isinstance(description, Mapping) else description
            if not isinstance(name, str) or name in numbers:
                raise ValueError(f"each DICOM region needs one name and one number; got {name!r} for {number}; {FORM}")
            numbers[name] = number
        regions = {name: number for name, number in numbers.items() if number > 0}
        if not regions:
            raise ValueError("at least one DICOM region needs a number above 0, but there is none; add it")
    except ValueError as error:
        raise ValueError(f"labels of {source}: {error}") from error
    return regions


def name_in(description: Any) -> str:
    """The name in a description, in the form for comparisons; "" if there is none."""
    name = description.get("name") if isinstance(description, Mapping) else description
    return clean_text(name).casefold() if isinstance(name, str) else ""


def _number(value: Any) -> int | None:
    """A whole number of 0 or more, also written as text."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _number_of(name: Any, value: Any) -> int:
    """The number that nnU-Net's form gives to a name."""
    if str(name).casefold() == "ignore":
        raise ValueError(
            f"pixels cannot be ignored, but {name!r} is to ignore {value!r}; renumber those pixels and remove {name!r}"
        )
    single = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    if isinstance(single, list | tuple):
        raise ValueError(
            f"a label must have one number, but {name!r} is a region of {list(single)}; name the labels that the files "
            f"hold in label_names"
        )
    number = _number(single)
    if number is None:
        raise ValueError(f"labels must be named by their numbers; got {value!r} for {name!r}; {FORM}")
    return number
