"""The published data sets that are known, as a table to read."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from textwrap import wrap

from srs_monai.data.recipes import RECIPES, Recipe
from srs_monai.text import few, text_table

_HEADS = ("name", "modality", "classes", "images", "split", "licence")
_NARROWEST = 12  # characters of a column that is wrapped


def dataset_table(recipes: Iterable[Recipe] = RECIPES.values(), width: int = 160) -> list[str]:
    """Lines of a table of data sets: name, modality, classes, images, split and licence.

    Args:
        recipes: of the data sets.
        width: characters of a line; narrow columns are kept, the others wrapped. Words are never cut.
    """
    rows = [_HEADS, *(_row(each) for each in recipes)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    shared = max(_NARROWEST, (width - sum(widths) - 2 * (len(_HEADS) - 1)) // (len(_HEADS) - 2))
    widths += [shared] * (len(_HEADS) - 2)
    return [line.rstrip() for line in text_table(line for row in rows for line in _wrapped(row, widths))]


def _row(known: Recipe) -> tuple[str, ...]:
    classes = few((label.name for label in known.labels), 8)
    images = known.title.split(": ", 1)[-1]
    return known.name, known.modality, classes, images, known.split, known.licence


def _wrapped(row: Sequence[str], widths: Sequence[int]) -> list[tuple[str, ...]]:
    """The rows that a row becomes when its cells are wrapped."""
    cells = [
        wrap(cell, width, break_long_words=False, break_on_hyphens=False)
        for cell, width in zip(row, widths, strict=True)
    ]
    return list(zip_longest(*cells, fillvalue=""))
