"""CVC-ClinicDB: polyps in frames of colonoscopy videos."""

from bisect import bisect_right
from dataclasses import replace
from pathlib import Path

from srs_monai.data.recipes.folders import lists_as, two_folders
from srs_monai.data.recipes.recipe import Case, Layout, Recipe
from srs_monai.labels import ABNORMALITY, Code, Label

_FRAMES = 612
# first frames of the 29 sequences, from the data set's page
_FIRST_FRAMES = (
    *(1, 26, 51, 68, 79, 104, 127, 152, 178, 200, 206, 228, 253, 278, 298),
    *(318, 343, 364, 384, 409, 429, 448, 467, 479, 504, 529, 547, 572, 592),
)


def _sequence(name: str) -> str | None:
    """The sequence of a frame, "sequence 1" to "sequence 29"; None if the name is not a frame number."""
    if not (name.isdecimal() and 1 <= int(name) <= _FRAMES):
        return None
    return f"sequence {bisect_right(_FIRST_FRAMES, int(name))}"


def _with_sequences(layout: Layout) -> Layout:
    def cases(folder: Path) -> list[Case]:
        return [replace(case, patient=_sequence(case.name)) for case in layout.cases(folder)]

    return replace(layout, cases=cases)


def _within(name: str, layout: Layout) -> Layout:
    """The layout inside a folder of this name."""
    return Layout(
        layout.description.replace("Original", f"{name}/Original").replace("Ground", f"{name}/Ground"),
        lambda folder: layout.fits(folder / name),
        lambda folder: layout.cases(folder / name),
    )


CVC_CLINICDB = Recipe(
    name="cvc_clinicdb",
    title="CVC-ClinicDB, colonoscopy: 612 frames with polyps, of 29 sequences",
    modality="endoscopy",
    labels=(Label("polyp", Code("68496003", "Polyp of colon"), ABNORMALITY),),
    unit="8-bit RGB; the pixel spacing is not published",
    layouts=(
        _with_sequences(two_folders("Original", "Ground Truth", note=", TIFF or PNG, 1 to 612 (as published)")),
        _within("PNG", _with_sequences(two_folders("Original", "Ground Truth"))),
        _with_sequences(two_folders()),
    ),
    merging="one mask per image",
    split="seeded 70/30, by sequence and near-duplicates together; the patients of the sequences are not published",
    citation=(
        "Bernal, Sanchez, Fernandez-Esparrach, Gil, Rodriguez, Vilarino, WM-DOVA maps for accurate polyp highlighting "
        "in colonoscopy, Computerized Medical Imaging and Graphics 43, 2015"
    ),
    licence="not stated; for research, the authors ask for citation",
    lists=lists_as("lists"),
)
