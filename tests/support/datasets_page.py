"""The page docs/datasets.md, made from the recipes."""

from collections.abc import Iterable

from srs_monai.data.recipes import Recipe

_HEAD = """\
# Data sets

Each is named by `--recipe NAME`, or by its overlay `configs/datasets/NAME.yaml`, which also holds the settings that
differ for it. `--split` is 1, 2 or 3 (drawn with that seed: near-duplicate images and the images of one patient stay on
one side) or the name of a published split, which is taken as it is; what it divides is counted in the log. The licences
are what could be found out, not advice: check the source of your copy.

This page is made from the recipes: `pytest --update-docs tests/data/recipes/test_datasets_page.py`.
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
