"""Lists in messages stay short."""

import pytest

from srs_monai.text import by, few


@pytest.mark.parametrize(
    ("names", "said"),
    [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b, c"), (["a", "b", "c", "d"], "a, b, c ... (4 in all)")],
)
def test_a_few_names_stand_for_many(names: list[str], said: str) -> None:
    assert few(iter(names), shown=3) == said


def test_sizes_are_written_with_an_x() -> None:
    assert by((200, 300, 4)) == "200 x 300 x 4"
