"""Files of measured rows: they grow, go on where they were stopped, and mix nothing."""

from pathlib import Path
from typing import Any

import pytest

from measure.machine import COLUMNS
from measure.results import Results, read_rows, text_of

HERE = dict.fromkeys(COLUMNS, "") | {"device": "made up", "commit": "abc", "changed": "no"}


def opened(path: Path, **options: Any) -> Results:
    given: dict[str, Any] = {"keys": ["name", "batch"], "columns": ["seconds", "note"], "environment": HERE, **options}
    return Results(path, **given)


def test_a_row_is_there_at_once(tmp_path: Path) -> None:
    results = opened(tmp_path / "new" / "a.csv")
    results.add(name="eager, first", batch=8, seconds=0.123456789)
    columns, (row,) = read_rows(results.path)
    assert columns == ("name", "batch", "seconds", "note", *COLUMNS)
    assert row == {**HERE, "name": "eager, first", "batch": "8", "seconds": "0.12346", "note": ""}
    assert results.row(name="eager, first", batch=8) == {key: text for key, text in row.items() if key != "note"}
    assert results.row(name="eager, first", batch=1) is None


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    first = opened(tmp_path / "a.csv")
    first.add(name="a", batch=1, seconds=1.0)
    with first.path.open("a") as file:
        file.write('b,1,2.0,"cut o')
    second = opened(tmp_path / "a.csv")
    assert second.row(name="a", batch=1) is not None
    assert second.row(name="b", batch=1) is None
    second.add(name="b", batch=1, seconds=3.0)
    assert [row["seconds"] for row in read_rows(second.path)[1]] == ["1", "3"]


def test_begin_anew(tmp_path: Path) -> None:
    opened(tmp_path / "a.csv").add(name="a", batch=1)
    assert opened(tmp_path / "a.csv", overwrite=True).row(name="a", batch=1) is None
    assert read_rows(tmp_path / "a.csv")[1] == []


@pytest.mark.parametrize("name", ["device", "cores", "omp_threads", "code"])
def test_two_places_are_not_mixed(tmp_path: Path, name: str) -> None:
    opened(tmp_path / "a.csv").add(name="a", batch=1)
    with pytest.raises(ValueError, match=rf"a\.csv has {name} .* and this is 'other'; begin anew with --overwrite"):
        opened(tmp_path / "a.csv", environment=HERE | {name: "other"})


def test_other_columns_are_refused(tmp_path: Path) -> None:
    opened(tmp_path / "a.csv")
    with pytest.raises(ValueError, match=r"a\.csv has others"):
        opened(tmp_path / "a.csv", columns=["minutes"])


def test_a_name_without_a_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got minutes"):
        opened(tmp_path / "a.csv").add(name="a", batch=1, minutes=2)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "yes"), (False, "no"), (1014.456, "1014.5"), (6e-8, "6e-08"), (8, "8"), ("a", "a")],
)
def test_values_as_texts(value: Any, text: str) -> None:
    assert text_of(value) == text
