"""Names that a configuration gives, and what is said when there is no such name."""

from collections.abc import Iterable
from difflib import get_close_matches


def one_of(name: str, known: Iterable[str], kind: str) -> str:
    """The name itself, when it is known.

    Raises:
        ValueError: listing what is known, and the nearest of it.
    """
    names = sorted(known)
    if name in names:
        return name
    near = get_close_matches(str(name), names, 1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise ValueError(f"no {kind} is called {name!r}; {meant}choose one of {', '.join(names)}")
