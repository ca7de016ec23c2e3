"""Switches and thresholds from a configuration or a command line."""

from types import SimpleNamespace


def switch(value: bool | str, name: str = "a switch") -> bool:
    """Whether a switch is on. A command line gives the text "false", which is true for Python.

    Args:
        value: true or false, or one of these words as text.
        name: name of the switch, for the message.

    Raises:
        ValueError: for another value.
    """
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in ("true", "false"):
        raise ValueError(f"{name} must be true or false; got {value!r}")
    return word == "true"


class Switches(SimpleNamespace):
    """The switches of a configuration as attributes, each True or False.

    Args:
        given: values by name, in a form of `switch`.

    Raises:
        ValueError: with the name of the first switch that is neither true nor false.
    """

    def __init__(self, **given: bool | str) -> None:
        super().__init__(**{name: switch(value, name) for name, value in given.items()})


def binary_threshold(threshold: float, out_channels: int) -> float | None:
    """The threshold of a binary network; None for several classes, where the most probable class is chosen.

    Raises:
        ValueError: if it is not a probability between 0 and 1.
    """
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < 1:
        raise ValueError(f"threshold must be a probability between 0 and 1; got {threshold!r}")
    return threshold if out_channels == 1 else None
