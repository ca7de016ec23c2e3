"""Lists of names are read tolerantly and written once."""

from pathlib import Path

import pytest

from srs_monai.data.split_lists import read_names, reject_shared_names, write_split


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_names_stand_one_a_line(tmp_path: Path, ending: str, mark: str) -> None:
    names = ["malignant (84)", "v1.2 final", "Ünal"]
    (tmp_path / "a.txt").write_bytes((mark + ending.join(["", *names, "  ", ""])).encode())
    assert read_names(tmp_path / "a.txt") == names


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\n \n", "a.txt names none"),
        (b"a\nb\na\nb\nc\n", "a.txt repeats a, b;"),
        (b"\xff\xfea\x00", "a.txt is not"),
    ],
)
def test_bad_lists_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        read_names(tmp_path / "a.txt")


def test_leaks_are_refused_between_any_two_sections() -> None:
    reject_shared_names({"training": ["a"], "validation": ["b"], "test": ["c"]})
    with pytest.raises(ValueError, match="training and test share a, b;"):
        reject_shared_names({"training": ["b", "a"], "validation": ["c"], "test": ["a", "b", "d"]})


def test_a_split_is_written_once_and_never_changed(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "split"
    split = {"training": ["a", "b 1"], "validation": ["c.d"], "test": []}
    write_split(folder, split)
    write_split(folder, split)
    assert read_names(folder / "train.txt") == ["a", "b 1"]
    assert read_names(folder / "val.txt") == ["c.d"]
    assert not (folder / "test.txt").exists()
    with pytest.raises(ValueError, match=r"val.txt holds another split"):
        write_split(folder, split | {"validation": ["x"]})
    assert read_names(folder / "val.txt") == ["c.d"]


def test_a_split_is_replaced_when_asked_to(tmp_path: Path) -> None:
    write_split(tmp_path, {"training": ["a"], "validation": ["b"], "test": ["c"]})
    write_split(tmp_path, {"training": ["b"], "validation": ["a"]}, replace=True)
    assert (read_names(tmp_path / "train.txt"), read_names(tmp_path / "val.txt")) == (["b"], ["a"])
    assert not (tmp_path / "test.txt").exists()
