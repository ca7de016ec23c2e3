"""Recipes of published data sets: where the files are, what the labels mean, how the set is split."""

from srs_monai.data.recipes.recipe import Case as Case
from srs_monai.data.recipes.recipe import Layout as Layout
from srs_monai.data.recipes.recipe import Recipe as Recipe
from srs_monai.data.recipes.recipe import Sections as Sections
from srs_monai.data.recipes.registry import RECIPES as RECIPES
from srs_monai.data.recipes.registry import recipe as recipe
from srs_monai.data.recipes.registry import result_labels as result_labels

# what a recipe of one's own is written with
from srs_monai.labels import ABNORMALITY as ABNORMALITY
from srs_monai.labels import ANATOMY as ANATOMY
from srs_monai.labels import OBJECT as OBJECT
from srs_monai.labels import TISSUE as TISSUE
from srs_monai.labels import Code as Code
from srs_monai.labels import Label as Label
