"""ISIC 2017 part 1 and ISIC 2018 task 1: borders of skin lesions."""

from collections.abc import Mapping
from pathlib import Path

from srs_monai.data.recipes.folders import lists_as, paired_cases, two_folders
from srs_monai.data.recipes.recipe import Case, Layout, Recipe
from srs_monai.labels import ABNORMALITY, Code, Label

_LABELS = (Label("skin lesion", Code("95324001", "Skin lesion"), ABNORMALITY),)
_UNIT = "8-bit RGB; the pixel spacing is not published"
_MASK_SUFFIX = "_segmentation"
_SUPERPIXELS = "_superpixels"


def _challenge_folders(folders: Mapping[str, tuple[str, str]]) -> Layout:
    """The layout of a challenge's archives, unpacked side by side.

    Args:
        folders: folders of the images and of the masks of each section; missing sections are empty.
    """
    first, second = folders["training"]

    def cases(folder: Path) -> list[Case]:
        found = [
            case
            for section, (images, masks) in folders.items()
            if (folder / masks).is_dir()
            for case in paired_cases(
                folder / images, folder / masks, _MASK_SUFFIX, section=section, left_out=_SUPERPIXELS
            )
        ]
        return sorted(found, key=lambda case: case.name)

    return Layout(
        f"{first}/NAME.jpg with {second}/NAME{_MASK_SUFFIX}.png, and the same for Validation and Test (as published)",
        lambda folder: any(
            (folder / images).is_dir() and (folder / masks).is_dir() for images, masks in folders.values()
        ),
        cases,
    )


ISIC2017 = Recipe(
    name="isic2017",
    title="ISIC 2017 part 1, dermoscopy: 2000 training images with a skin lesion, 150 for validation, 600 for test",
    modality="dermoscopy",
    labels=_LABELS,
    unit=_UNIT,
    layouts=(
        _challenge_folders(
            {
                "training": ("ISIC-2017_Training_Data", "ISIC-2017_Training_Part1_GroundTruth"),
                "validation": ("ISIC-2017_Validation_Data", "ISIC-2017_Validation_Part1_GroundTruth"),
                "test": ("ISIC-2017_Test_v2_Data", "ISIC-2017_Test_v2_Part1_GroundTruth"),
            }
        ),
        two_folders(suffix=_MASK_SUFFIX),
    ),
    merging="one mask per image; the superpixel pictures beside the images are skipped",
    split=(
        "official: the challenge's folders; else seeded 70/30 without its test images, near-duplicates together; "
        "lists: train.txt and val.txt beside images/"
    ),
    citation=(
        "Codella et al., Skin lesion analysis toward melanoma detection: a challenge at the 2017 International "
        "Symposium on Biomedical Imaging, ISBI 2018"
    ),
    licence="not stated with the files; see the data page of the ISIC challenge",
    lists=lists_as("lists"),
)

ISIC2018 = Recipe(
    name="isic2018",
    title="ISIC 2018 task 1, dermoscopy: 2594 training images with a skin lesion, 100 for validation, 1000 for test",
    modality="dermoscopy",
    labels=_LABELS,
    unit=_UNIT,
    layouts=(
        _challenge_folders(
            {
                "training": ("ISIC2018_Task1-2_Training_Input", "ISIC2018_Task1_Training_GroundTruth"),
                "validation": ("ISIC2018_Task1-2_Validation_Input", "ISIC2018_Task1_Validation_GroundTruth"),
                "test": ("ISIC2018_Task1-2_Test_Input", "ISIC2018_Task1_Test_GroundTruth"),
            }
        ),
        two_folders(suffix=_MASK_SUFFIX),
    ),
    merging="one mask per image",
    split=(
        "seeded 70/30 of the training images, near-duplicates together; official: the challenge's folders, if they "
        "exist; lists: train.txt and val.txt beside images/"
    ),
    citation=(
        "Codella et al., Skin lesion analysis toward melanoma detection 2018, arXiv:1902.03368; Tschandl, Rosendahl, "
        "Kittler, The HAM10000 dataset, Scientific Data 5:180161, 2018"
    ),
    licence="CC BY-NC 4.0",
    lists=lists_as("lists"),
)
