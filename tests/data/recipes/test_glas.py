"""GlaS in its two layouts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from srs_monai.data import load_datalist
from srs_monai.data.recipes import recipe

GLAS = recipe("glas")
GRADES = "name,patient ID, grade (GlaS), grade (Sirinukunwattana et al. 2015)\n"


@pytest.fixture
def original(tmp_path: Path, draw: Callable[..., Path]) -> Path:
    """Ten training images of four patients and two of each test, with gland numbers, as BMP in one folder."""
    glands = np.zeros((24, 20), dtype=np.uint8)
    glands[2:6], glands[10:14] = 1, 2
    rows = []
    for name, patient in [(f"train_{i}", i % 4) for i in range(1, 11)] + [
        (f"test{part}_{i}", 10 + i) for part in "AB" for i in (1, 2)
    ]:
        draw(tmp_path / f"{name}.bmp")
        draw(tmp_path / f"{name}_anno.bmp", glands)
        rows.append(f"{name},{patient}, benign, adenomatous\n")
    (tmp_path / "Grade.csv").write_text(GRADES + "".join(rows), encoding="utf-8-sig")  # as spreadsheets write it
    return tmp_path


def test_the_original_layout_knows_patients_and_sections(original: Path) -> None:
    cases = {case.name: case for case in GLAS.cases(original)}
    assert len(cases) == 14
    assert (cases["train_5"].patient, cases["train_5"].section) == ("1", "training")
    assert (cases["testB_2"].patient, cases["testB_2"].section) == ("12", "test")


@pytest.mark.parametrize("split", ["official", "1", "2", "3"])
def test_validation_is_drawn_from_the_training_images_by_patient(original: Path, split: str) -> None:
    patients = {case.name: case.patient for case in GLAS.cases(original)}
    sections = load_datalist(original, recipe="glas", split=split)
    named = {section: {Path(item["image"]).stem for item in items} for section, items in sections.items()}
    assert named["test"] == {"testA_1", "testA_2", "testB_1", "testB_2"}
    assert len(named["training"] | named["validation"]) == 10
    assert len(named["validation"]) in (2, 3)
    assert not {patients[name] for name in named["training"]} & {patients[name] for name in named["validation"]}


def test_masks_are_instances(original: Path) -> None:
    assert all(item["label_values"] == "instances" for item in load_datalist(original, recipe="glas")["training"])


def test_a_grade_file_without_patients_is_refused(original: Path) -> None:
    (original / "Grade.csv").write_text("name,grade\ntrain_1,benign\n")
    with pytest.raises(ValueError, match=r"Grade\.csv .* 'name' and 'patient ID'"):
        GLAS.cases(original)


def test_real_images(datasets: Path) -> None:
    sections = load_datalist(datasets / "glas", recipe="glas", split="official")
    assert {section: len(items) for section, items in sections.items()} == {
        "training": 59,
        "validation": 26,
        "test": 80,
    }
    assert {case.patient for case in GLAS.cases(datasets / "glas")} == {None}
