"""The page of the data sets says what the recipes say."""

from pathlib import Path

import pytest
from datasets_page import recipes_page

from srs_monai.data.recipes import RECIPES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "datasets.md"


def test_the_page_is_current(request: pytest.FixtureRequest) -> None:
    page = recipes_page(RECIPES.values())
    if request.config.getoption("--update-docs"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page, "run pytest --update-docs on this file"


def test_every_data_set_has_one_row() -> None:
    rows = [line for line in recipes_page(RECIPES.values()).splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows if "--recipe" not in row] == list(RECIPES)
    assert all(row.count("|") == 7 for row in rows)
