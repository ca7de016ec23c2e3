"""What the two ISIC data sets of lesion borders have in common."""

from collections.abc import Mapping
from pathlib import Path

from srs_monai.data.labels.concept import Code
from srs_monai.data.labels.label import ABNORMALITY, Label
from srs_monai.data.recipes.folders import paired_cases
from srs_monai.data.recipes.recipe import Case, Layout

SKIN_LESION = (Label("skin lesion", Code("95324001", "Skin lesion"), ABNORMALITY),)
MASK_SUFFIX = "_segmentation"
_SUPERPIXELS = "_superpixels"


def challenge_folders(folders: Mapping[str, tuple[str, str]]) -> Layout:
    """The layout of a challenge's archives, unpacked side by side.

    Args:
        folders: of each section, that of the images and that of the masks. Sections that are not there are empty.
    """
    first, second = folders["training"]

    def cases(folder: Path) -> list[Case]:
        found = [
            case
            for section, (images, masks) in folders.items()
            if (folder / masks).is_dir()
            for case in paired_cases(
                folder / images, folder / masks, MASK_SUFFIX, section=section, left_out=_SUPERPIXELS
            )
        ]
        return sorted(found, key=lambda case: case.name)

    return Layout(
        f"{first}/NAME.jpg with {second}/NAME{MASK_SUFFIX}.png, and the same of Validation and Test (as published)",
        lambda folder: any(
            (folder / images).is_dir() and (folder / masks).is_dir() for images, masks in folders.values()
        ),
        cases,
    )
