"""Values as they come from a configuration or a command line: switches and thresholds."""


def on(value: bool | str) -> bool:
    """Whether a switch is on; a command line gives "false" as a text, which Python takes for true.

    Raises:
        ValueError: for anything but true and false.
    """
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in ("true", "false"):
        raise ValueError(f"a switch is true or false; got {value!r}")
    return word == "true"


def binary_threshold(threshold: float, out_channels: int) -> float | None:
    """The threshold of a binary network; None for several classes, of which the likeliest is taken.

    Raises:
        ValueError: when it is not a probability between 0 and 1.
    """
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < 1:
        raise ValueError(f"threshold is a probability between 0 and 1; got {threshold!r}")
    return threshold if out_channels == 1 else None
