"""Recipes of published data sets: where the files are, what the labels mean, how the set is split."""

from srs_monai.data.labels.coded_concept import LONGEST as LONGEST
from srs_monai.data.labels.coded_concept import Code as Code
from srs_monai.data.labels.label import ABNORMALITY as ABNORMALITY
from srs_monai.data.labels.label import ANATOMY as ANATOMY
from srs_monai.data.labels.label import MEAN as MEAN
from srs_monai.data.labels.label import OBJECT as OBJECT
from srs_monai.data.labels.label import TISSUE as TISSUE
from srs_monai.data.labels.label import Label as Label
from srs_monai.data.labels.label import default_labels as default_labels
from srs_monai.data.labels.label import numbered_name as numbered_name
from srs_monai.data.labels.label_names import parse_label_names as parse_label_names
from srs_monai.data.labels.label_names import plain_code as plain_code
from srs_monai.data.labels.label_names import plain_label_names as plain_label_names
from srs_monai.data.recipes.recipe import Case as Case
from srs_monai.data.recipes.recipe import Layout as Layout
from srs_monai.data.recipes.recipe import Recipe as Recipe
from srs_monai.data.recipes.recipe import Sections as Sections
from srs_monai.data.recipes.registry import RECIPES as RECIPES
from srs_monai.data.recipes.registry import recipe as recipe
from srs_monai.data.recipes.registry import result_labels as result_labels
