"""BUSI: breast ultrasound with benign and malignant lesions."""

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from srs_monai.data.file_names import files_by_stem
from srs_monai.data.recipes.folders import has_folders, numbered_lists, paired_cases
from srs_monai.data.recipes.recipe import Case, Layout, Recipe
from srs_monai.labels import ABNORMALITY, Code, Label

_CLASSES = ("benign", "malignant", "normal")
_MASK = re.compile(r"(.+)_mask(?:_\d+)?")  # X_mask, X_mask_1, X_mask_2


def _by_class(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in _CLASSES[:2])


def _cases_by_class(folder: Path) -> list[Case]:
    images: dict[str, str] = {}
    masks: dict[str, list[str]] = defaultdict(list)
    files = [files_by_stem(folder / name) for name in _CLASSES if (folder / name).is_dir()]
    for stem, path in [entry for of_class in files for entry in of_class.items()]:
        mask = _MASK.fullmatch(stem)
        if mask:
            masks[mask[1]].append(str(path))
        else:
            images[stem] = str(path)
    return [
        Case(name, images.get(name, ""), tuple(sorted(masks[name])), normal=name.startswith("normal"))
        for name in sorted({*images, *masks})
    ]


def _cases_of_folders(folder: Path) -> list[Case]:
    cases = paired_cases(folder / "images", folder / "masks")
    return [replace(case, normal=case.name.startswith("normal")) for case in cases]


BUSI = Recipe(
    name="busi",
    title="BUSI, breast ultrasound: 437 benign and 210 malignant lesions, 133 normal images",
    modality="ultrasound",
    labels=(Label("breast lesion", Code("52988006", "Lesion"), ABNORMALITY),),
    unit="8-bit grey; the pixel spacing is not published",
    layouts=(
        Layout(
            "benign/, malignant/ and normal/ with X.png, X_mask.png, X_mask_1.png ... (the original)",
            _by_class,
            _cases_by_class,
        ),
        Layout(
            "images/X.png with masks/X.png, all lesions of an image in one mask, and splits/train_1.txt, val_1.txt ...",
            has_folders("images", "masks"),
            _cases_of_folders,
        ),
    ),
    merging="union of the masks of an image; normal images are skipped by default",
    split="seeded 70/30, near-duplicates together; published_1, _2, _3: the random 452/195 lists of published figures",
    citation="Al-Dhabyani, Gomaa, Khaled, Fahmy, Dataset of breast ultrasound images, Data in Brief 28:104863, 2020",
    licence="the article is CC BY, and a common mirror marks the data CC0; the authors state none with the files",
    lists=numbered_lists,
)
