"""ISIC 2018 task 1: borders of skin lesions."""

from srs_monai.data.recipes.folders import lists_as, two_folders
from srs_monai.data.recipes.isic import MASK_SUFFIX, SKIN_LESION, challenge_folders
from srs_monai.data.recipes.recipe import Recipe

ISIC2018 = Recipe(
    name="isic2018",
    title="ISIC 2018 task 1, dermoscopy: 2594 training images with a skin lesion, 100 for validation, 1000 for test",
    modality="dermoscopy",
    labels=SKIN_LESION,
    unit="8-bit RGB; the pixel spacing is not published",
    layouts=(
        challenge_folders(
            {
                "training": ("ISIC2018_Task1-2_Training_Input", "ISIC2018_Task1_Training_GroundTruth"),
                "validation": ("ISIC2018_Task1-2_Validation_Input", "ISIC2018_Task1_Validation_GroundTruth"),
                "test": ("ISIC2018_Task1-2_Test_Input", "ISIC2018_Task1_Test_GroundTruth"),
            }
        ),
        two_folders(suffix=MASK_SUFFIX),
    ),
    merging="one mask an image",
    split=(
        "seeded 70/30 of the training images, near-duplicates together; official: the challenge's folders, where they "
        "are there; lists: train.txt and val.txt beside images/"
    ),
    citation=(
        "Codella et al., Skin lesion analysis toward melanoma detection 2018, arXiv:1902.03368; Tschandl, Rosendahl, "
        "Kittler, The HAM10000 dataset, Scientific Data 5:180161, 2018"
    ),
    licence="CC BY-NC 4.0",
    lists=lists_as("lists"),
)
