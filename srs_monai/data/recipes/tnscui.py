"""TN-SCUI 2020: ultrasound of thyroid nodules."""

from srs_monai.data.recipes.folders import two_folders
from srs_monai.data.recipes.recipe import Recipe
from srs_monai.labels import ABNORMALITY, Code, Label

TNSCUI = Recipe(
    name="tnscui",
    title="TN-SCUI 2020, thyroid ultrasound: the challenge's 3644 training images with nodules",
    modality="ultrasound",
    labels=(Label("thyroid nodule", Code("27925004", "Nodule"), ABNORMALITY),),
    unit="8-bit grey; the pixel spacing is not published",
    layouts=(
        two_folders("image", "mask", note=", with train.csv (benign or malignant, not read), as in the challenge"),
        two_folders(),
    ),
    merging="one mask per image",
    split="seeded 70/30, near-duplicates together; the challenge's own test masks are not published",
    citation="Thyroid Nodule Segmentation and Classification in Ultrasound Images 2020 challenge, MICCAI 2020",
    licence="not stated; available after registration for the challenge",
)
