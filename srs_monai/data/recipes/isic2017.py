"""ISIC 2017 part 1: borders of skin lesions."""

from srs_monai.data.recipes.folders import lists_as, two_folders
from srs_monai.data.recipes.isic import MASK_SUFFIX, SKIN_LESION, challenge_folders
from srs_monai.data.recipes.recipe import Recipe

ISIC2017 = Recipe(
    name="isic2017",
    title="ISIC 2017 part 1, dermoscopy: 2000 training images with a skin lesion, 150 for validation, 600 for test",
    modality="dermoscopy",
    labels=SKIN_LESION,
    unit="8-bit RGB; the pixel spacing is not published",
    layouts=(
        challenge_folders(
            {
                "training": ("ISIC-2017_Training_Data", "ISIC-2017_Training_Part1_GroundTruth"),
                "validation": ("ISIC-2017_Validation_Data", "ISIC-2017_Validation_Part1_GroundTruth"),
                "test": ("ISIC-2017_Test_v2_Data", "ISIC-2017_Test_v2_Part1_GroundTruth"),
            }
        ),
        two_folders(suffix=MASK_SUFFIX),
    ),
    merging="one mask an image; the superpixel pictures beside the images are left out",
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
