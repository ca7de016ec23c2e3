"""NUDT-KBT19: small aircraft in infrared frames."""

from srs_monai.data.recipes.folders import lists_as, two_folders
from srs_monai.data.recipes.recipe import Recipe
from srs_monai.labels import OBJECT, Label

NUDT_KBT19 = Recipe(
    name="nudt_kbt19",
    title="NUDT-KBT19, infrared: frames with small aircraft, resampled by SRSNet's authors from recorded sequences",
    modality="infrared",
    labels=(Label("small target", OBJECT, OBJECT),),
    unit="8-bit grey; the pixel spacing is not published",
    layouts=(two_folders(note=", 0.bmp and so on, with train.txt and val.txt (as in SRSNet's release)"),),
    merging="one mask per image",
    split=(
        "seeded 70/30, near-duplicates together; published_1: train.txt and val.txt of SRSNet's release; the sequences "
        "of the frames are not published"
    ),
    citation=(
        "Hui et al., A dataset for infrared detection and tracking of dim-small aircraft targets under ground / air "
        "background, China Scientific Data 5(3), 2020; resampled for SRSNet, IEEE TIP 2025"
    ),
    licence="not stated",
    lists=lists_as("published_1"),
)
