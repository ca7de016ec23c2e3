"""Synapse multi-organ CT (BTCV): the challenge's volumes, and TransUNet's slices and volumes from them."""

import re
from collections.abc import Sequence
from pathlib import Path

from srs_monai.data.file_names import files_by_stem
from srs_monai.data.readers.array_file import is_array
from srs_monai.data.recipes.folders import listed
from srs_monai.data.recipes.recipe import Case, Layout, Recipe, Sections
from srs_monai.labels import Code, Label

# in the order of TransUNet's numbers, with those of BTCV's label files
_ORGANS = (
    Label("aorta", Code("15825003", "Aorta"), values=(8,)),
    Label("gallbladder", Code("28231008", "Gallbladder"), values=(4,)),
    Label("left kidney", Code("18639004", "Left kidney"), values=(3,)),
    Label("right kidney", Code("9846003", "Right kidney"), values=(2,)),
    Label("liver", Code("10200004", "Liver"), values=(6,)),
    Label("pancreas", Code("15776009", "Pancreas"), values=(11,)),
    Label("spleen", Code("78961009", "Spleen"), values=(1,)),
    Label("stomach", Code("69695003", "Stomach"), values=(7,)),
)
_OTHER_ORGANS = (5, 9, 10, 12, 13)  # oesophagus, inferior vena cava, portal and splenic veins, adrenal glands
_TRAINING = frozenset({5, 6, 7, 9, 10, 21, 23, 24, 26, 27, 28, 30, 31, 33, 34, 37, 39, 40})
_TEST = frozenset({1, 2, 3, 4, 8, 22, 25, 29, 32, 35, 36, 38})
_VOLUMES = [
    (f"{above}{images}", f"{above}{labels}")
    for above in ("RawData/Training/", "Training/", "")
    for images, labels in (("img", "label"), ("imagesTr", "labelsTr"))
]
_ARRAYS = {"train_npz": "training", "test_vol_h5": "test", ".": None}  # loose files have no section
_LISTS = ("lists_Synapse", "lists/lists_Synapse")


def _place(folder: Path) -> tuple[Path, Path] | None:
    """The folders of the volumes and of their labels."""
    places = ((folder / images, folder / labels) for images, labels in _VOLUMES)
    return next(((images, labels) for images, labels in places if images.is_dir() and labels.is_dir()), None)


def _volumes(folder: Path) -> list[Case]:
    place = _place(folder)
    images, labels = ({}, {}) if place is None else map(_by_number, place)
    return [
        Case(
            f"case{number:04d}",
            images.get(number, ""),
            (labels[number],) if number in labels else (),
            patient=f"case{number:04d}",
            section="training" if number in _TRAINING else "test" if number in _TEST else None,
        )
        for number in sorted({*images, *labels})
    ]


def _by_number(folder: Path) -> dict[int, str]:
    """img0001.nii.gz and label0001.nii.gz by their numbers."""
    numbered = ((re.fullmatch(r"(?:img|label)(\d+)", stem), path) for stem, path in files_by_stem(folder).items())
    return {int(match[1]): str(path) for match, path in numbered if match}


def _arrays(folder: Path) -> list[Case]:
    found = [
        Case(stem, f"{path}/image", (f"{path}/label",), patient=stem.split("_")[0], section=section)
        for name, section in _ARRAYS.items()
        for stem, path in _array_files(folder / name).items()
    ]
    return sorted(found, key=lambda case: case.name)


def _array_files(folder: Path) -> dict[str, Path]:
    files = files_by_stem(folder) if folder.is_dir() else {}
    return {stem: path for stem, path in files.items() if is_array(path) and re.fullmatch(r"case\d+(_slice\d+)?", stem)}


def _lists(folder: Path, cases: Sequence[Case]) -> dict[str, Sections]:
    """TransUNet's own lists, if they are beside its arrays."""
    for place in _LISTS:
        if sections := listed(folder / place, test="test_vol.txt"):
            return {"official": sections}
    return {}


SYNAPSE = Recipe(
    name="synapse",
    title="Synapse multi-organ CT (BTCV): 8 organs in 30 abdominal volumes",
    modality="CT",
    labels=_ORGANS,
    unit="HU, in mm; TransUNet's layout: -125 to 275 HU scaled to 0 to 1, no spacing",
    layouts=(
        Layout(
            "RawData/Training/img/img0001.nii.gz with RawData/Training/label/label0001.nii.gz (the original), or these "
            "in imagesTr/ and labelsTr/",
            lambda folder: _place(folder) is not None,
            _volumes,
        ),
        Layout(
            "train_npz/case0005_slice000.npz and test_vol_h5/case0001.npy.h5 with arrays 'image' and 'label', and "
            "optionally lists_Synapse/train.txt and test_vol.txt (TransUNet's layout), or such files alone",
            lambda folder: any(_array_files(folder / name) for name in _ARRAYS),
            _arrays,
            values=tuple((number,) for number in range(len(_ORGANS) + 1)),
        ),
    ),
    merging="one label map per volume with TransUNet's numbers; the other 5 of the 13 organs are background",
    split="official: TransUNet's 18 cases against 12, validation drawn from the 18; always by case",
    citation=(
        "Landman et al., MICCAI multi-atlas labeling beyond the cranial vault (BTCV), 2015, doi:10.7303/syn3193805; "
        "organs and split: Chen et al., TransUNet, arXiv:2102.04306, 2021"
    ),
    licence="available after registration at synapse.org (syn3193805), under the terms stated there",
    lists=_lists,
    background=_OTHER_ORGANS,
)
