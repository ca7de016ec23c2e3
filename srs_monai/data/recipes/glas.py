"""GlaS (Warwick-QU): glands in histology of the colon."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from srs_monai.data.file_names import image_files
from srs_monai.data.recipes.folders import has_folders, paired_cases
from srs_monai.data.recipes.recipe import Case, Layout, Recipe
from srs_monai.labels import TISSUE, Label

_GRADES = "Grade.csv"
_SUFFIX = "_anno"
_SECTIONS = {"train": "training", "testA": "test", "testB": "test"}


def _patients(folder: Path) -> Mapping[str, str]:
    """The patients of the images from Grade.csv, which has blanks around headings and values; empty without it."""
    path = folder / _GRADES
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [
            {key.strip(): (value or "").strip() for key, value in row.items() if key} for row in csv.DictReader(file)
        ]
    if not all(row.get("name") and row.get("patient ID") for row in rows):
        raise ValueError(f"every row of {path} must have values for 'name' and 'patient ID'; unpack it again")
    return {row["name"]: row["patient ID"] for row in rows}


def _known(cases: list[Case], folder: Path) -> list[Case]:
    """The cases with their patients and with the sections in their names."""
    patients = _patients(folder)
    return [
        replace(case, patient=patients.get(case.name), section=_SECTIONS.get(case.name.split("_")[0])) for case in cases
    ]


def _in_one_folder(folder: Path) -> list[Case]:
    return _known(paired_cases(folder, folder, _SUFFIX, left_out=_SUFFIX), folder)


def _in_two_folders(folder: Path) -> list[Case]:
    return _known(paired_cases(folder / "images", folder / "masks", _SUFFIX), folder)


GLAS = Recipe(
    name="glas",
    title="GlaS (Warwick-QU), histology of the colon: 85 training images with glands, 60 and 20 for test",
    modality="histology",
    labels=(Label("gland", TISSUE, TISSUE),),
    unit="8-bit RGB, stained by H&E; the pixel spacing is not in the files",
    layouts=(
        Layout(
            "train_1.bmp with train_1_anno.bmp, testA_1.bmp ... and Grade.csv in one folder (the original)",
            lambda folder: any(path.stem.endswith(_SUFFIX) for path in image_files(folder)),
            _in_one_folder,
        ),
        Layout("images/train_1.* with masks/train_1_anno.*", has_folders("images", "masks"), _in_two_folders),
    ),
    merging="one mask per image with numbered glands: every value above 0 is gland",
    split=(
        "official: train against testA and testB; validation is drawn from train, 70/30, by patient if there is a "
        "Grade.csv, and near-duplicates together"
    ),
    citation=(
        "Sirinukunwattana et al., Gland segmentation in colon histology images: the GlaS challenge contest, Medical "
        "Image Analysis 35, 2017"
    ),
    licence="not stated with the files; released for research by the challenge's organisers",
    instances=True,
)
