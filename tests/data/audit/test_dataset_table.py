"""The table of known data sets fits the width and loses no word."""

from collections import Counter

from srs_monai.data.audit.dataset_table import dataset_table
from srs_monai.data.recipes import RECIPES, recipe


def test_every_data_set_has_its_row() -> None:
    lines = dataset_table(width=200)
    assert lines[0].split() == ["name", "modality", "classes", "images", "split", "licence"]
    assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == list(RECIPES)


def test_lines_keep_the_width_and_all_words() -> None:
    known = recipe("acdc")
    for width in (100, 160, 250):
        lines = dataset_table([known], width)
        assert max(map(len, lines)) <= width
        words = Counter(word for line in lines[1:] for word in line.split())
        for text in (known.name, known.modality, known.split, known.licence, known.title.split(": ", 1)[1]):
            assert not Counter(text.split()) - words
        assert words["myocardium,"] == 1
