"""A case is finished when its sidecar is there with all that it lists."""

import json
from pathlib import Path

import pytest
import torch
from monai.data import MetaTensor

from srs_monai.inference.results.result_names import (
    is_finished,
    read_sidecar,
    remove_replaced,
    result_name,
    sidecar_path,
)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/x/a.nii.gz", "a"),
        ("/x/b.c.png", "b.c"),
        ("/x/d.DCM", "d"),
        ("/x/series", "series"),
        ("/x/1.2.840", "1.2.840"),
        ("", "image"),
    ],
)
def test_without_a_name_results_are_called_after_the_file(path: str, name: str) -> None:
    assert result_name({}, MetaTensor(torch.zeros(1, 2, 2), meta={"filename_or_obj": path})) == name


def test_a_case_is_finished_with_all_its_files(tmp_path: Path) -> None:
    name = "study/1.2.840"
    assert sidecar_path(tmp_path, name) == tmp_path / "study" / "1.2.840.json"
    assert read_sidecar(tmp_path, name) is None
    (tmp_path / "study" / "1.2.840_mask").mkdir(parents=True)
    files = ["1.2.840_mask/slice_0001.png", "1.2.840_overlay.png"]
    for file in files:
        (tmp_path / "study" / file).touch()
    assert not is_finished(tmp_path, name)
    content = {"format": "png", "files": files}
    sidecar_path(tmp_path, name).write_text(json.dumps(content))
    assert read_sidecar(tmp_path, name) == content
    assert is_finished(tmp_path, name)
    (tmp_path / "study" / files[0]).unlink()
    assert not is_finished(tmp_path, name)


@pytest.mark.parametrize("content", [b"", b'{"files": ["a', b"[]", b'{"files": "a"}', b"\xff"])
def test_other_files_in_its_place_are_no_sidecar(tmp_path: Path, content: bytes) -> None:
    sidecar_path(tmp_path, "a").write_bytes(content)
    assert read_sidecar(tmp_path, "a") is None
    assert not is_finished(tmp_path, "a")


def test_only_what_is_named_after_the_case_is_removed(tmp_path: Path) -> None:
    (tmp_path / "out" / "s" / "a_mask").mkdir(parents=True)
    (tmp_path / "out" / "s" / "a_x").mkdir()
    listed = [
        "a_mask/slice_0001.png",
        "a_overlay.png",
        "a_gone.png",
        "b_mask.png",
        "../../a_outside",
        "a_x/../../../a_y",
    ]
    there = [tmp_path / "out" / "s" / file for file in (*listed[:2], listed[3])]
    there += [tmp_path / "a_outside", tmp_path / "a_y", tmp_path / "out" / "s" / "a_of_nobody"]
    for path in there:
        path.touch()
    remove_replaced(tmp_path / "out", "s/a", {"files": listed}, ["a_overlay.png"])
    assert [path.exists() for path in there] == [False, True, True, True, True, True]
    assert not (tmp_path / "out" / "s" / "a_mask").exists()
    remove_replaced(tmp_path / "out", "s/a", None, [])
