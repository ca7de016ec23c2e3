"""The recipes by their names."""

from difflib import get_close_matches

from srs_monai.data.labels.label import Label, default_labels
from srs_monai.data.recipes.acdc import ACDC
from srs_monai.data.recipes.bus import BUS
from srs_monai.data.recipes.busi import BUSI
from srs_monai.data.recipes.cvc_clinicdb import CVC_CLINICDB
from srs_monai.data.recipes.glas import GLAS
from srs_monai.data.recipes.isic2017 import ISIC2017
from srs_monai.data.recipes.isic2018 import ISIC2018
from srs_monai.data.recipes.kvasir_seg import KVASIR_SEG
from srs_monai.data.recipes.nudt_kbt19 import NUDT_KBT19
from srs_monai.data.recipes.recipe import Recipe
from srs_monai.data.recipes.sirst import SIRST
from srs_monai.data.recipes.synapse import SYNAPSE
from srs_monai.data.recipes.tnscui import TNSCUI
from srs_monai.text import few

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
        ValueError: when there is none, with the nearest that there is.
    """
    if name not in RECIPES:
        near = get_close_matches(str(name).lower(), RECIPES, n=1)
        raise ValueError(
            f"no recipe is called {name!r}; "
            + (f"did you mean {near[0]!r}?" if near else f"choose one of {sorted(RECIPES)}")
        )
    return RECIPES[name]


def result_labels(recipe_name: str | None, out_channels: int) -> tuple[Label, ...]:
    """What the classes of a network's results are where nobody names them otherwise, in the order of their numbers.

    Args:
        recipe_name: of the data set that it was trained on; None: `default_labels`.
        out_channels: of the network: 1 is one class, N the background and N - 1 classes.

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
            f"gives {classes}; set out_channels to {fitting} or take another recipe"
        )
    return labels
