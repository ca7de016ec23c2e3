"""The page docs/datasets.md, made from the recipes."""

from collections.abc import Iterable

from srs_monai.data.recipes import Recipe

_HEAD = """\
# Data sets

Train on a data set with `--recipe NAME`, or with its overlay `configs/datasets/NAME.yaml`, which also holds the
settings that differ for it. `--split` is 1, 2 or 3, or the name of a published split:

- 1, 2 and 3 are drawn, with the number as the seed. Near-duplicates and the images of one patient stay on one side.
- A published split is taken as it is. The log counts the near-duplicates and patients that it divides.

The licences are what we could find out, not advice: check the source of your copy.

The recipes generate this page: `pytest --update-docs tests/data/recipes/test_datasets_page.py`.
"""


def recipes_page(recipes: Iterable[Recipe]) -> str:
    """The page docs/datasets.md in Markdown: a row for each recipe, then its layouts and what to cite."""
    listed = list(recipes)
    rows = [_row("`--recipe`", "data set", "classes", "stored values", "split", "licence"), _row(*["---"] * 6)]
    for each in listed:
        classes = ", ".join(label.name for label in each.labels)
        rows.append(_row(f"`{each.name}`", each.title, classes, each.unit, each.split, each.licence))
    return "\n".join([_HEAD, *rows, "", "## Layouts, masks and citations", "", *(_entry(each) for each in listed)])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _entry(known: Recipe) -> str:
    layouts = "".join(f"- {layout.description}\n" for layout in known.layouts)
    return f"**{known.name}**\n\n{layouts}- masks: {known.merging}\n- cite: {known.citation}\n"
