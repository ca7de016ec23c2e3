"""Lists in messages stay short, and columns of tables are aligned."""

import pytest

from srs_monai.text import by, few, nearest, one_of, text_table


@pytest.mark.parametrize(
    ("names", "said"),
    [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b, c"), (["a", "b", "c", "d"], "a, b, c ... (4 in all)")],
)
def test_a_few_names_stand_for_many(names: list[str], said: str) -> None:
    assert few(iter(names), shown=3) == said


def test_a_wrong_name_is_refused_with_the_nearest_known_one() -> None:
    known = ("busi", "SRSNet")
    assert one_of("busi", known, "thing") == "busi"
    for name, near in {"Buzi": "busi", "SRSnet": "SRSNet", "quite another": None}.items():
        assert nearest(name, iter(known)) == near
        with pytest.raises(ValueError, match=f"{name}.*SRSNet, busi") as raised:
            one_of(name, known, "thing")
        assert (f"did you mean {near!r}" in str(raised.value)) == (near is not None)


def test_sizes_are_written_with_an_x() -> None:
    assert by((200, 300, 4)) == "200 x 300 x 4"


def test_columns_of_a_table_are_as_wide_as_their_longest_cell() -> None:
    rows = [("case", "n", ""), ("a", "12", "note"), ("longer", "3", "")]
    assert text_table(iter(rows), right=[1]) == ["case     n      ", "a       12  note", "longer   3      "]
    assert text_table(rows[:1], between="|") == ["case|n|"]
    assert text_table([]) == []
