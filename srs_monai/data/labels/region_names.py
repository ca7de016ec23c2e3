"""Which names of DICOM regions stand for which class, as a JSON list says it."""

import json
from typing import Any


def region_numbers(listed: Any, source: str) -> dict[str, int]:
    """Class numbers above 0 by names, from {"1": "liver"}, as the Decathlon has it, or {"liver": 1}, as nnU-Net has it.

    Args:
        listed: what stands under "labels".
        source: of it, for messages.

    Raises:
        ValueError: for another form, for numbers below 0 and for a name that stands for two classes.
    """
    numbers: dict[str, int] = {}
    for key, value in listed.items() if isinstance(listed, dict) else [(listed, None)]:
        name, number = (value, key) if isinstance(value, str) else (key, value)
        whole = isinstance(number, int | str) and not isinstance(number, bool) and str(number).isdecimal()
        if not isinstance(name, str) or not whole or name in numbers:
            raise ValueError(
                f'labels of DICOM regions are numbers with names, {{"1": "liver"}}, or names with numbers, '
                f'{{"liver": 1}}, each name once, but {source} has {json.dumps(listed)}; correct it'
            )
        numbers[name] = int(str(number))
    named = {name: number for name, number in numbers.items() if number > 0}
    if not named:
        raise ValueError(f"labels of DICOM regions have a number above 0, but {source} names none; add it")
    return named
