"""Which of those who name a label is heard."""

import json
from pathlib import Path
from typing import Any

import pytest

from srs_monai.data import resolve_labels

TRAINED = {"1": "of the weights"}


def write_list(folder: Path, labels: Any) -> dict[str, Any]:
    (folder / "list.json").write_text(json.dumps({"labels": labels, "training": []}))
    return {"dataset_dir": folder, "datalist": "list.json"}


def test_the_first_who_names_a_label_is_heard(tmp_path: Path) -> None:
    listed = write_list(tmp_path, {"0": "background", "1": "listed 1", "2": "listed 2", "3": "listed 3"})
    resolved = resolve_labels(5, {3: "given"}, **listed, trained=TRAINED)
    assert resolved.names == {1: "of the weights", 2: "listed 2", 3: "given", 4: "label 4"}
    assert resolved.given == {"1": "of the weights", "2": "listed 2", "3": "given"}
    assert resolve_labels(4, **listed, recipe="acdc").names == {1: "listed 1", 2: "listed 2", 3: "listed 3"}
    assert resolve_labels(2, trained=TRAINED).names == {1: "of the weights"}
    assert resolve_labels(1).given is None
    assert resolve_labels(4, recipe="acdc").given is None


def test_other_names_in_a_list_are_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    resolve_labels(1, **write_list(tmp_path, {"1": "of the weights"}), trained=TRAINED)
    resolve_labels(1, **write_list(tmp_path, {}), trained=TRAINED)
    assert not caplog.records
    listed = write_list(tmp_path, {"1": "tumour"})
    assert resolve_labels(1, **listed, trained=TRAINED).names == {1: "of the weights"}
    assert "list.json has other label names: label 1 is 'tumour' there and 'of the weights' here" in caplog.text


def test_a_faulty_list_is_refused_where_nobody_else_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    listed = write_list(tmp_path, {"background": 0, "whole": [1, 2], "core": 2})
    with pytest.raises(ValueError, match=r"labels of .*list\.json: .*region"):
        resolve_labels(3, **listed)
    assert resolve_labels(3, ["edema", "core"], **listed).names == {1: "edema", 2: "core"}
    assert "region" in caplog.text


@pytest.mark.parametrize("labels", [3, "x", True, [1, 2], {"1": {}}, {"1": "$print(1)"}, {"1": "a" * 99}])
def test_malformed_labels_of_a_list_are_refused_with_its_name(tmp_path: Path, labels: Any) -> None:
    with pytest.raises(ValueError, match=r"labels of .*list\.json: "):
        resolve_labels(3, **write_list(tmp_path, labels))


def test_a_name_that_a_list_repeats_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text('{"labels": {"1": "liver", "1": "spleen"}, "training": []}')
    with pytest.raises(ValueError, match=r"list\.json is not: it repeats '1'"):
        resolve_labels(3, dataset_dir=tmp_path, datalist="list.json")


def test_faulty_names_in_settings_are_refused() -> None:
    with pytest.raises(ValueError, match=r"label_names in the settings of the weights: .*liver for several"):
        resolve_labels(3, trained={"1": "liver", "2": "liver"})


def test_a_list_counts_as_the_label_files_of_its_recipe(tmp_path: Path) -> None:
    listed = write_list(tmp_path, {"0": "background", "6": "hepar", "12": "a gland"})
    names = resolve_labels(9, recipe="synapse", **listed).names
    assert (names[5], names[6]) == ("hepar", "pancreas")
