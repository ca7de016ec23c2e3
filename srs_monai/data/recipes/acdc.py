"""ACDC: cine MR of the heart at the end of diastole and systole."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from srs_monai.data.file_names import files_by_stem, stem_and_suffix
from srs_monai.data.readers.nifti import is_nifti
from srs_monai.data.recipes.folders import has_folders, listed, paired_cases
from srs_monai.data.recipes.recipe import Case, Layout, Recipe, Sections
from srs_monai.labels import Code, Label

_OFFICIAL = {"training": "training", "testing": "test", "": None}
_FRAME = re.compile(r"(patient\d+_frame\d+)(_gt)?")  # patient001_4d is the whole cycle, without labels
_SLICES, _VOLUMES = ("slices", "ACDC_training_slices"), ("volumes", "ACDC_training_volumes")
_LISTS = (("train_slices.txt", "val_volumes.txt", "test_volumes.txt"), ("train_slices.list", "val.list", "test.list"))


def _patient(name: str) -> str:
    return name.split("_")[0]


def _patients_folders(folder: Path) -> list[tuple[Path, str | None]]:
    """Folders patient001 ..., each with the section of the folder around it."""
    return [
        (patient, section)
        for name, section in _OFFICIAL.items()
        if (folder / name).is_dir()
        for patient in sorted((folder / name).glob("patient*"))
        if patient.is_dir()
    ]


def _nifti_cases(folder: Path) -> list[Case]:
    cases = []
    for patient, section in _patients_folders(folder):
        frames: dict[str, dict[bool, str]] = {}
        for path in sorted(patient.rglob("*")):
            match = _FRAME.fullmatch(stem_and_suffix(path)[0])
            if match and is_nifti(path) and path.is_file():
                frames.setdefault(match[1], {})[match[2] is not None] = str(path)
        cases += [
            Case(name, files.get(False, ""), (files[True],) if True in files else (), patient.name, section)
            for name, files in frames.items()
        ]
    return sorted(cases, key=lambda case: case.name)


def _array_cases(folder: Path) -> list[Case]:
    """Volumes, and the slices of frames that have no volume."""
    volumes, slices = (
        {
            stem: path
            for name in names
            if (folder / name).is_dir()
            for stem, path in files_by_stem(folder / name).items()
        }
        for names in (_VOLUMES, _SLICES)
    )
    alone = {stem: path for stem, path in slices.items() if _frame(stem) not in volumes}
    return [
        Case(name, f"{path}/image", (f"{path}/label",), _patient(name))
        for name, path in sorted((volumes | alone).items())
    ]


def _image_cases(folder: Path) -> list[Case]:
    return [replace(case, patient=_patient(case.name)) for case in paired_cases(folder / "images", folder / "masks")]


def _lists(folder: Path, cases: Sequence[Case]) -> dict[str, Sections]:
    """The lists of the HDF5 layout. They name slices and volumes; a slice means its volume too, and the reverse."""
    names = [case.name for case in cases]
    parts: dict[str, list[str]] = {name: [name] for name in names}
    for name in names:
        if _frame(name) != name:
            parts.setdefault(_frame(name), []).append(name)
    for files in _LISTS:
        if found := listed(folder, *files):
            return {
                "listed": {
                    section: list(dict.fromkeys(n for name in listed_names for n in _named(name, parts)))
                    for section, listed_names in found.items()
                }
            }
    return {}


def _named(name: str, parts: Mapping[str, list[str]]) -> list[str]:
    """The cases of a name in a list; the name itself if there are none."""
    return parts.get(name) or parts.get(_frame(name)) or [name]


def _frame(name: str) -> str:
    return name.split("_slice_")[0]


ACDC = Recipe(
    name="acdc",
    title="ACDC, cine MR of the heart: 100 patients for training and 50 for test, 2 frames each",
    modality="MR",
    labels=(
        Label("right ventricle", Code("53085002", "Right ventricle"), values=(1,)),
        Label("myocardium", Code("49848007", "Left Ventricle Myocardium"), values=(2,)),
        Label("left ventricle", Code("87878005", "Left ventricle"), values=(3,)),
    ),
    unit="MR intensities without a unit, spacing from the headers; the HDF5 and image layouts: 0 to 1, no spacing",
    layouts=(
        Layout(
            "training/patient001/patient001_frame01.nii.gz with patient001_frame01_gt.nii.gz, testing/ ... (the "
            "original; patient001_4d is not read), or the patients' folders alone",
            lambda folder: bool(_patients_folders(folder)),
            _nifti_cases,
        ),
        Layout(
            "images/patient001_frame01_slice_0.* with masks/patient001_frame01_slice_0.*",
            has_folders("images", "masks"),
            _image_cases,
        ),
        Layout(
            "slices/patient001_frame01_slice_0.h5 and volumes/patient001_frame01.h5 with arrays 'image' and 'label', "
            "optionally with train_slices.txt and val_volumes.txt (as in SSL4MIS and WSL4MIS)",
            lambda folder: any(has_folders(name)(folder) for name in (*_SLICES, *_VOLUMES)),
            _array_cases,
        ),
    ),
    merging="one label map per image; scribbles are not read",
    split="official: the folders training and testing; else seeded 70/30; always by patient",
    citation="Bernard et al., Deep learning techniques for automatic MRI cardiac multi-structures segmentation and "
    "diagnosis, IEEE TMI 37(11), 2018",
    licence="CC BY-NC-SA 4.0 according to the challenge's page; the derived layouts state none",
    lists=_lists,
)
