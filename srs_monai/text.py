"""Names, sizes and lists for messages, and tables to read."""

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches


def text_table(rows: Iterable[Sequence[str]], *, right: Collection[int] = (), between: str = "  ") -> list[str]:
    """The lines of a table: each column is as wide as its longest cell.

    Args:
        rows: cells, the same number in each row; the headings are a row too.
        right: numbers of the columns that are aligned to the right, from 0.
        between: text between two cells.
    """
    columns = [
        [cell.rjust(width) if number in right else cell.ljust(width) for cell in column]
        for number, column in enumerate(zip(*rows, strict=True))
        for width in [max(map(len, column))]
    ]
    return [between.join(line) for line in zip(*columns, strict=True)]


def few(names: Iterable[str], shown: int = 5) -> str:
    """The first names, for a message, and their number if not all are shown."""
    listed = list(names)
    if len(listed) <= shown:
        return ", ".join(listed)
    return f"{', '.join(listed[:shown])} ... ({len(listed)} in all)"


def by(size: Iterable[int]) -> str:
    """A size, for a message: 200 x 300."""
    return " x ".join(map(str, size))


def one_of(name: str, known: Iterable[str], kind: str) -> str:
    """The name, if it is known.

    Raises:
        ValueError: for an unknown name, with the known names and the most similar one.
    """
    names = sorted(known)
    if name in names:
        return name
    near = nearest(name, names)
    meant = "" if near is None else f"did you mean {near!r}? "
    raise ValueError(f"no {kind} is called {name!r}; {meant}choose one of {', '.join(names)}")


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name that a wrong one is probably meant to be, for "did you mean"; None where none is near."""
    folded = {each.casefold(): each for each in known}
    near = get_close_matches(str(name).casefold(), folded, 1)
    return folded[near[0]] if near else None
