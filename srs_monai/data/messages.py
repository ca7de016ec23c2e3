"""Names and sizes as they stand in messages."""

from collections.abc import Iterable


def few(names: Iterable[str], shown: int = 5) -> str:
    """The first names for a message, and how many there are when not all are shown."""
    listed = list(names)
    if len(listed) <= shown:
        return ", ".join(listed)
    return f"{', '.join(listed[:shown])} ... ({len(listed)} in all)"


def by(size: Iterable[int]) -> str:
    """A size for a message: 200 x 300."""
    return " x ".join(map(str, size))
