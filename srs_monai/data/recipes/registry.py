"""The recipes by their names."""

from srs_monai.data.recipes.acdc import ACDC
from srs_monai.data.recipes.bus import BUS
from srs_monai.data.recipes.busi import BUSI
from srs_monai.data.recipes.cvc_clinicdb import CVC_CLINICDB
from srs_monai.data.recipes.glas import GLAS
from srs_monai.data.recipes.isic import ISIC2017, ISIC2018
from srs_monai.data.recipes.kvasir_seg import KVASIR_SEG
from srs_monai.data.recipes.nudt_kbt19 import NUDT_KBT19
from srs_monai.data.recipes.recipe import Recipe
from srs_monai.data.recipes.sirst import SIRST
from srs_monai.data.recipes.synapse import SYNAPSE
from srs_monai.data.recipes.tnscui import TNSCUI
from srs_monai.labels import Label, default_labels
from srs_monai.text import few, one_of

RECIPES: dict[str, Recipe] = {
    each.name: each
    for each in (
        BUS,
        BUSI,
        TNSCUI,
        ISIC2018,
        ISIC2017,
        SYNAPSE,
        ACDC,
        SIRST,
        NUDT_KBT19,
        GLAS,
        KVASIR_SEG,
        CVC_CLINICDB,
    )
}


def recipe(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        ValueError: for an unknown name, with the most similar known name.
    """
    return RECIPES[one_of(name, RECIPES, "recipe")]


def result_labels(recipe_name: str | None, out_channels: int) -> tuple[Label, ...]:
    """The labels of a network's results without given names, in the order of their numbers.

    Args:
        recipe_name: recipe of the training data; None: `default_labels`.
        out_channels: channels of the network: 1 is one class, N are the background and N - 1 classes.

    Raises:
        ValueError: when there is no such recipe, or it has another number of classes.
    """
    if recipe_name is None:
        return default_labels(out_channels)
    classes, labels = max(1, out_channels - 1), recipe(recipe_name).labels
    if len(labels) != classes:
        fitting = 1 if len(labels) == 1 else len(labels) + 1
        raise ValueError(
            f"{recipe_name} has the classes {few(label.name for label in labels)}, but out_channels {out_channels} "
            f"gives {classes}; set out_channels to {fitting} or choose another recipe"
        )
    return labels
