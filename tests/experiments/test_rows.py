"""Tables of experiments: what a row may state, and when it counts as another one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from srs_monai.experiments.rows import Row, read_table

ROW: dict[str, Any] = {"name": "a-1", "data": "sirst", "split": "official", "network": "srsnet_small"}


def write(folder: Path, *rows: dict[str, Any]) -> Path:
    content = {"title": "A table", "about": "How it is made.", "rows": list(rows)}
    (folder / "short.yaml").write_text(yaml.safe_dump(content))
    return folder


def test_every_table_of_the_repository_can_be_read() -> None:
    folder = Path(__file__).resolve().parents[2] / "configs" / "experiments"
    for path in folder.glob("*.yaml"):
        table = read_table(path.stem)
        assert table.rows
        assert all(row.digest for row in table.rows)


def test_a_row_names_its_overlays_in_their_order(tmp_path: Path) -> None:
    (row,) = read_table("short", write(tmp_path, {**ROW, "training": "unet_v2_skin", "split": 1})).rows
    assert [path.parent.name for path in row.overlays] == ["datasets", "networks", "training"]
    assert (row.recipe, row.split) == ("sirst", "1")


@pytest.mark.parametrize(
    ("rows", "value"),
    [
        ([{**ROW, "epochs": 3}], "epochs"),
        ([{"name": "a", "data": "sirst"}], "split"),
        ([{**ROW, "network": "srsnet_smal"}], "srsnet_smal"),
        ([{**ROW, "name": "../a"}], "../a"),
        ([ROW, ROW], "a-1"),
        ([{**ROW, "data": "phantoms"}], "phantoms"),
        ([], "rows"),
    ],
)
def test_a_row_that_cannot_run_is_rejected_by_name(tmp_path: Path, rows: list[dict[str, Any]], value: str) -> None:
    with pytest.raises(ValueError, match=value.replace(".", r"\.")):
        read_table("short", write(tmp_path, *rows))


def test_an_unknown_table_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'short'"):
        read_table("shrot", write(tmp_path, ROW))


def test_the_digest_follows_what_a_row_states() -> None:
    row = Row(**ROW)
    assert row.digest == replace(row, name="b").digest
    changed = [replace(row, split="1"), replace(row, values={"epochs": 2}), replace(row, network="srsnet_kernel")]
    assert len({row.digest, *(each.digest for each in changed)}) == 4
