"""Recipes of published data sets: where the files are, what the labels mean, how the set is split."""

from srs_monai.data.recipes.recipe import Case as Case
from srs_monai.data.recipes.recipe import Layout as Layout
from srs_monai.data.recipes.recipe import Recipe as Recipe
from srs_monai.data.recipes.recipe import Sections as Sections
from srs_monai.data.recipes.registry import RECIPES as RECIPES
from srs_monai.data.recipes.registry import recipe as recipe
from srs_monai.data.recipes.registry import result_labels as result_labels
