"""SIRST (NUAA-SIRST): small targets in single infrared frames."""

from collections.abc import Sequence
from pathlib import Path

from srs_monai.data.recipes.folders import has_folders, listed, two_folders
from srs_monai.data.recipes.recipe import Case, Layout, Recipe, Sections
from srs_monai.labels import OBJECT, Label

_ORIGINAL, _PLAIN = two_folders(suffix="_pixels0"), two_folders()


def _is_original(folder: Path) -> bool:
    return has_folders("images", "masks")(folder) and any((folder / "masks").glob("*_pixels0.*"))


def _lists(folder: Path, cases: Sequence[Case]) -> dict[str, Sections]:
    """The lists in idx_427, idx_320 ... by these names; "official" is idx_427, or else the lists beside images/."""
    found = {path.name: listed(path) for path in sorted(folder.glob("idx_*")) if path.is_dir()}
    found["official"] = found.get("idx_427") or listed(folder)
    return {name: sections for name, sections in found.items() if sections}


SIRST = Recipe(
    name="sirst",
    title="SIRST (NUAA-SIRST), infrared: 427 single frames with one or a few small targets",
    modality="infrared",
    labels=(Label("small target", OBJECT, OBJECT),),
    unit="8-bit grey, stored in several colour modes; the pixel spacing is not published",
    layouts=(
        Layout(
            "images/Misc_1.png with masks/Misc_1_pixels0.png and the lists idx_427/train.txt ... (the original)",
            _is_original,
            _ORIGINAL.cases,
        ),
        Layout("images/Misc_1.png with masks/Misc_1.png and train.txt, val.txt, test.txt", _PLAIN.fits, _PLAIN.cases),
    ),
    merging="one mask per image",
    split="official: the lists idx_427, 256/85/86; else seeded 70/30, near-duplicates together",
    citation=(
        "Dai, Wu, Zhou, Barnard, Asymmetric contextual modulation for infrared small target detection, WACV 2021"
    ),
    licence="not stated; the authors ask for citation",
    lists=_lists,
)
