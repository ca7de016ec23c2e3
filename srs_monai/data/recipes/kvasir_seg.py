"""Kvasir-SEG: polyps in colonoscopy."""

from srs_monai.data.recipes.folders import lists_as, two_folders
from srs_monai.data.recipes.recipe import Recipe
from srs_monai.labels import ABNORMALITY, Code, Label

KVASIR_SEG = Recipe(
    name="kvasir_seg",
    title="Kvasir-SEG, colonoscopy: 1000 images with polyps",
    modality="endoscopy",
    labels=(Label("polyp", Code("68496003", "Polyp of colon"), ABNORMALITY),),
    unit="8-bit RGB; the pixel spacing is not published",
    layouts=(two_folders(note=", with masks as black and white JPEG (as published)"),),
    merging="one mask per image; foreground is above half of full scale, because JPEG blurs black and white",
    split="seeded 70/30, near-duplicates together; lists: train.txt and val.txt beside images/ (880/120 are in use)",
    citation="Jha et al., Kvasir-SEG: A segmented polyp dataset, MMM 2020",
    licence="free for research and education",
    lists=lists_as("lists"),
)
