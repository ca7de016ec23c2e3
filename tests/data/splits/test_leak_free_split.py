"""Drawn splits keep copies and patients together, in folders and JSON lists as in recipes; given ones are reported."""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from srs_monai.data import load_datalist
from srs_monai.data.split_lists import write_split
from srs_monai.data.splits import split_leaks
from srs_monai.data.splits.random_split import seeded_split

Load = Callable[..., dict[str, list[dict[str, Any]]]]


def write_pair(folder: Path, name: str, seed: int, mask_seed: int | None = None) -> None:
    """A picture of noise and a mask of other noise; the same seed gives the same picture."""
    for kind, values in (
        ("images", np.random.default_rng(seed).integers(0, 256, (36, 40), dtype=np.uint8)),
        ("masks", np.random.default_rng(mask_seed or seed).integers(0, 2, (36, 40), dtype=np.uint8) * np.uint8(255)),
    ):
        (folder / kind).mkdir(exist_ok=True)
        Image.fromarray(values).save(folder / kind / f"{name}.png")


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {"image": f"images/{name}.png", "label": f"masks/{name}.png", **more}


def stems(sections: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, set[str]]:
    return {section: {Path(item["image"]).stem for item in items} for section, items in sections.items()}


@pytest.fixture(params=["folder", "json"])
def load(request: pytest.FixtureRequest, tmp_path: Path) -> Load:
    """Load what lies in tmp_path, as a folder or by a JSON list of it; `test` names what is held out."""

    def load(test: Sequence[str] = (), **options: Any) -> dict[str, list[dict[str, Any]]]:
        if request.param == "folder":
            if test:
                (tmp_path / "test.txt").write_text("\n".join(test))
            return load_datalist(tmp_path, **options)
        names = sorted(path.stem for path in (tmp_path / "images").iterdir())
        listed = {"training": [entry(n) for n in names if n not in test], "test": [entry(n) for n in test]}
        (tmp_path / "list.json").write_text(json.dumps(listed))
        return load_datalist(tmp_path, datalist="list.json", **options)

    return load


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """Five pictures, each under two names and with two masks."""
    for i in range(5):
        write_pair(tmp_path, f"a{i}", seed=i)
        write_pair(tmp_path, f"b{i}", seed=i, mask_seed=100 + i)
    return tmp_path


@pytest.mark.parametrize("seed", range(5))
def test_copies_stay_on_one_side(load: Load, twins: Path, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "srs_monai")
    found = stems(load(seed=seed, val_fraction=0.4))
    assert {name[1] for name in found["training"]}.isdisjoint({name[1] for name in found["validation"]})
    assert (len(found["training"]), len(found["validation"])) == (6, 4)
    assert "5 groups of near-duplicates or of one patient, 10 of 10 images, stay on one side" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_without_copies_the_split_is_that_of_the_names(load: Load, tmp_path: Path) -> None:
    names = [f"case {i}" for i in range(11)]
    for i, name in enumerate(names):
        write_pair(tmp_path, name, seed=i)
    for seed in range(3):
        training, validation = seeded_split(names, 0.3, seed)
        assert stems(load(seed=seed)) == {"training": {*training}, "validation": {*validation}, "test": set()}


def test_copies_of_test_images_are_left_out(load: Load, twins: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = stems(load(test=["a1", "b3"]))
    assert found["test"] == {"a1", "b3"}
    assert found["training"] | found["validation"] == {"a0", "b0", "a2", "b2", "a4", "b4"}
    assert "a patient or a near-duplicate with test images: 2 (" in caplog.text


def test_a_run_that_was_drawn_by_names_goes_on(
    load: Load, twins: Path, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path_factory.mktemp("run") / "split"
    drawn = load(seed=3, split_dir=out)
    names = [line for title in ("train", "val") for line in (out / f"{title}.txt").read_text().splitlines()]
    training, validation = seeded_split(names, 0.3, 3)
    write_split(out, {"training": training, "validation": validation}, replace=True)
    kept = load(seed=3, split_dir=out)
    assert stems(kept) == {
        "training": {Path(name).stem for name in training},
        "validation": {Path(name).stem for name in validation},
        "test": set(),
    }
    assert stems(kept) != stems(drawn)
    assert "the drawn split has near-duplicates in two sections, pairs: " in caplog.text
    assert load(seed=3, run_split=out) == kept, "evaluation follows the run"
    with pytest.raises(ValueError, match="holds another split"):
        load(seed=4, split_dir=out)
    assert load(seed=3, split_dir=out, replace_split=True) == drawn


def test_pictures_that_are_all_alike_cannot_be_split(load: Load, tmp_path: Path) -> None:
    for i in range(4):
        write_pair(tmp_path, str(i), seed=0)
    with pytest.raises(ValueError, match="groups is 1 and the largest has 4 images"):
        load()


def test_what_given_lists_divide_is_reported(twins: Path, caplog: pytest.LogCaptureFixture) -> None:
    (twins / "train.txt").write_text("a0\na1\nb1\na2")
    (twins / "val.txt").write_text("b0\na3\nb2")
    found = load_datalist(twins)
    assert stems(found)["training"] == {"a0", "a1", "b1", "a2"}
    assert "near-duplicates in two sections, pairs: 2: a" in caplog.text
    assert "a0 (training) and b0 (validation)" in caplog.text


@pytest.mark.parametrize("listed", ["folds", "validation"])
def test_what_a_json_list_divides_is_reported(twins: Path, listed: str, caplog: pytest.LogCaptureFixture) -> None:
    first = [entry("a0", patient="p"), entry("a1"), entry("a4", patient=7)]
    second = [entry("b1"), entry("a3", patient="p"), entry("a2", patient="7")]
    sections = {"training": first, "validation": second}
    if listed == "folds":
        sections = {"training": [e | {"fold": 1} for e in first] + [e | {"fold": 0} for e in second]}
    (twins / "list.json").write_text(json.dumps(sections))
    found = load_datalist(twins, datalist="list.json")
    assert stems(found)["validation"] == {"b1", "a3", "a2"}
    assert "pairs: 1: images/a1.png (training) and images/b1.png (validation)" in caplog.text
    assert "patients in two sections: 7, p" in caplog.text


@pytest.mark.parametrize("seed", range(5))
def test_a_patient_that_a_json_list_names_stays_on_one_side(tmp_path: Path, seed: int) -> None:
    for i in range(9):
        write_pair(tmp_path, str(i), seed=i)
    listed = {"training": [entry(str(i), patient=i // 3) for i in range(9)]}
    (tmp_path / "list.json").write_text(json.dumps(listed))
    found = stems(load_datalist(tmp_path, datalist="list.json", seed=seed, val_fraction=0.4))
    assert found["validation"] in [{"0", "1", "2"}, {"3", "4", "5"}, {"6", "7", "8"}]


@pytest.mark.parametrize("patient", ["", 1.5, True, ["p"]])
def test_a_patient_is_a_name_or_a_number(tmp_path: Path, patient: Any) -> None:
    (tmp_path / "list.json").write_text(json.dumps({"training": [entry("a", patient=patient)]}))
    said = re.escape(json.dumps(patient))
    with pytest.raises(ValueError, match=rf"'patient' .* entry of training in .*list\.json has {said}"):
        load_datalist(tmp_path, datalist="list.json")


def test_one_file_under_two_spellings_is_refused(twins: Path) -> None:
    again = entry("a0") | {"image": "./images/a0.png"}
    (twins / "list.json").write_text(json.dumps({"training": [entry("a0"), again]}))
    with pytest.raises(ValueError, match=r"repeats images/a0\.png"):
        load_datalist(twins, datalist="list.json")
    (twins / "list.json").write_text(json.dumps({"training": [entry("a0")], "validation": [again]}))
    with pytest.raises(ValueError, match=r"training and validation share images/a0\.png"):
        load_datalist(twins, datalist="list.json")


def test_one_file_under_two_paths_counts_as_copies(twins: Path) -> None:
    again = entry("a0") | {"image": str(twins / "images" / "a0.png")}
    listed = {"training": [entry("a0"), again, entry("a1"), entry("a2"), entry("a3")]}
    (twins / "list.json").write_text(json.dumps(listed))
    for seed in range(5):
        found = load_datalist(twins, datalist="list.json", seed=seed, val_fraction=0.4)
        assert "a0" not in stems(found)["training"] & stems(found)["validation"]


@pytest.mark.parametrize("seed", range(5))
def test_copies_of_volumes_stay_on_one_side(tmp_path: Path, seed: int) -> None:
    for name, number in (("a", 0), ("b", 0), ("c", 1), ("d", 2), ("e", 3)):
        values = np.random.default_rng(number).integers(0, 999, (34, 36, 3)).astype(np.int16)
        for kind, stored in (("images", values), ("masks", (values > 500).astype(np.uint8))):
            (tmp_path / kind).mkdir(exist_ok=True)
            nib.save(nib.Nifti1Image(stored, np.eye(4)), tmp_path / kind / f"{name}.nii.gz")
    found = stems(load_datalist(tmp_path, seed=seed, val_fraction=0.4))
    assert len({"a.nii", "b.nii"} & found["training"]) in (0, 2)


def test_lists_of_the_run_are_not_compared_again(
    twins: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path_factory.mktemp("run")
    trained = load_datalist(twins, split_dir=out)
    monkeypatch.setattr(split_leaks, "near_duplicates", None)
    assert load_datalist(twins, run_split=out) == trained


def test_a_missing_mask_is_met_before_images_are_compared(
    load: Load, twins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split_leaks, "near_duplicates", None)
    (twins / "masks" / "a3.png").unlink()
    with pytest.raises(ValueError, match="a3"):
        load()
