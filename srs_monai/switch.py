"""Switches as they come from a configuration or a command line."""


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
