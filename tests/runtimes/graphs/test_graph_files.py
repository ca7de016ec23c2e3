"""Graphs are there whole or not at all, OpenVINO's two files together."""

from pathlib import Path

import pytest

from srs_monai.runtimes.graphs.graph_files import files_of, replacing_graph


def names(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def write(path: Path, text: str) -> None:
    for file in files_of(path):
        file.write_text(text)


@pytest.mark.parametrize(("name", "files"), [("a.onnx", ["a.onnx"]), ("a.xml", ["a.bin", "a.xml"])])
def test_what_was_written_takes_the_place(name: str, files: list[str], tmp_path: Path) -> None:
    for text in ("old", "new"):
        with replacing_graph(tmp_path / "made" / name) as temporary:
            write(temporary, text)
        assert names(tmp_path / "made") == dict.fromkeys(files, text)


@pytest.mark.parametrize("name", ["a.onnx", "a.xml"])
def test_a_failure_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, "old")
    before = names(tmp_path)
    with pytest.raises(UnicodeEncodeError), replacing_graph(tmp_path / name) as temporary:
        write(temporary, "new \ud800")
    assert names(tmp_path) == before


def test_a_graph_without_its_weights_is_never_mixed_with_older_ones(tmp_path: Path) -> None:
    write(tmp_path / "a.xml", "old")
    with pytest.raises(FileNotFoundError), replacing_graph(tmp_path / "a.xml") as temporary:
        temporary.with_suffix(".bin").write_text("new")
    assert names(tmp_path) == {"a.bin": "new"}
