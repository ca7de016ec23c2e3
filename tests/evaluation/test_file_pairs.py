"""Pairing of predictions and references: by name, by position, and what has no partner."""

import logging

import numpy as np
import pytest

from srs_monai.evaluation.file_pairs import case_name, pair_cases

ARRAY = np.zeros((2, 2), dtype=bool)


@pytest.fixture
def folder(tmp_path):
    def make(name, *files):
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).touch()
        return tmp_path / name

    return make


@pytest.mark.parametrize(
    ("file", "case"),
    [
        ("OUT/p1_mask.png", "p1"),
        ("masks/ISIC_0000000_segmentation.png", "ISIC_0000000"),
        ("ct.v2.nii.gz", "ct.v2"),
        ("liver_mask.nii.gz", "liver"),
        ("P1.PNG", "P1"),
        ("benign (12).png", "benign (12)"),
        ("_mask.png", "_mask"),
        ("1.2.840.1", "1.2.840.1"),
    ],
)
def test_case_names(file, case):
    assert case_name(file) == case


def test_folders_are_paired_by_name(folder):
    out = folder("out", "b_mask.png", "b_overlay.png", "a_mask.nii.gz", "metrics.csv", ".1234.c_mask.png")
    masks = folder("masks", "a.nii.gz", "b.bmp", "notes.txt")
    assert pair_cases(out, str(masks)) == [
        ("a", out / "a_mask.nii.gz", masks / "a.nii.gz"),
        ("b", out / "b_mask.png", masks / "b.bmp"),
    ]


def test_folders_in_folders_tell_cases_apart(folder):
    for name in ("out", "out/benign", "out/malignant", "masks", "masks/benign", "masks/malignant"):
        folder(name, *(["1_mask.png", "1_overlay.png"] if "/" in name and "out" in name else []))
    root = folder("elsewhere").parent
    for kind in ("benign", "malignant"):
        (root / "masks" / kind / "1.png").touch()
    assert [case for case, *_ in pair_cases(root / "out", root / "masks")] == ["benign/1", "malignant/1"]


def test_two_files_belong_together_whatever_their_names(folder):
    files = folder("files", "ct_mask.nii.gz", "label117.nii.gz")
    pair = (files / "ct_mask.nii.gz", files / "label117.nii.gz")
    assert pair_cases(*pair) == [("ct", *pair)]


def test_lists_are_paired_by_position():
    assert [case for case, *_ in pair_cases([ARRAY, ARRAY], [ARRAY, ARRAY])] == ["1", "2"]
    assert pair_cases(["x/p1_mask.png"], ["y/whatever.png"]) == [("p1", "x/p1_mask.png", "y/whatever.png")]


def test_mappings_are_paired_by_name(folder):
    masks = folder("masks", "a.png")
    assert pair_cases({"a": ARRAY}, {"a": masks}) == [("a", ARRAY, masks)]
    assert pair_cases([str(masks / "a.png")], masks) == [("a", masks / "a.png", masks / "a.png")]


def test_what_has_no_partner_is_named(folder):
    out, masks = folder("out", "a.png", "c.png"), folder("masks", "a.png", "b.png")
    message = r"1 predictions without reference \(c\); 1 references without prediction \(b\); .*allow_unpaired"
    with pytest.raises(ValueError, match=message):
        pair_cases(out, masks)


def test_what_has_no_partner_may_be_left_out(folder, caplog):
    out, masks = folder("out", "a.png", "c.png"), folder("masks", "a.png", "b.png")
    with caplog.at_level(logging.WARNING):
        assert [case for case, *_ in pair_cases(out, masks, allow_unpaired=True)] == ["a"]
    assert "1 references without prediction (b)" in caplog.text


def test_long_complaints_are_cut(folder):
    out, masks = folder("out", "a.png"), folder("masks", "a.png", *(f"m{number}.png" for number in range(7)))
    with pytest.raises(ValueError, match=r"references without prediction \(m0, m1, m2, m3, m4 \.\.\. \(7 in all\)\)"):
        pair_cases(out, masks)


@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        ([ARRAY], [ARRAY, ARRAY], "1 predictions and 2 references"),
        ([], [], "got 0 predictions"),
        ({}, {}, "empty"),
        ({"a": ARRAY}, {"b": ARRAY}, r"1 predictions without reference \(a\)"),
        (ARRAY, ARRAY, "got ndarray"),
        ([ARRAY], {"1": ARRAY}, "got list"),
        ("nowhere/at/all", [ARRAY], "nowhere/at/all"),
    ],
)
def test_refusals(predictions, references, message):
    with pytest.raises(ValueError, match=message):
        pair_cases(predictions, references)


def test_nothing_agrees_even_when_unpaired_cases_may_be_left_out():
    with pytest.raises(ValueError, match=r"without reference \(a\)"):
        pair_cases({"a": ARRAY}, {"b": ARRAY}, allow_unpaired=True)


def test_two_files_of_one_case_are_refused(folder):
    out = folder("out", "a_mask.png", "a_mask.nii.gz")
    with pytest.raises(ValueError, match=r"a_mask.* predictions .*'a'"):
        pair_cases(out, {"a": ARRAY})
