"""BUS: breast ultrasound with lesions, of several hospitals."""

from srs_monai.data.recipes.folders import lists_as, two_folders
from srs_monai.data.recipes.recipe import Recipe
from srs_monai.labels import ABNORMALITY, Code, Label

BUS = Recipe(
    name="bus",
    title="BUS (BUSIS), breast ultrasound: 562 images, each with one lesion",
    modality="ultrasound",
    labels=(Label("breast lesion", Code("52988006", "Lesion"), ABNORMALITY),),
    unit="8-bit grey; the pixel spacing is not published",
    layouts=(
        two_folders(note=", with train.txt and val.txt (as in SRSNet's release)"),
        two_folders("original", "GT"),
    ),
    merging="one mask per image",
    split="seeded 70/30, near-duplicates together; published_1: train.txt and val.txt, 393/169, of SRSNet's release",
    citation=(
        "Zhang, Xian, Cheng, Shareef, Ding, Xu, Huang, Zhang, Ning, Wang, BUSIS: A benchmark for breast ultrasound "
        "image segmentation, Healthcare 10(4):729, 2022"
    ),
    licence="not stated; available from the authors on request",
    lists=lists_as("published_1"),
)
