"""Recipes: one published data set a file, where its files lie, what its labels mean, how it is split."""

from srs_monai.data.recipes.label import ABNORMALITY as ABNORMALITY
from srs_monai.data.recipes.label import ANATOMY as ANATOMY
from srs_monai.data.recipes.label import Code as Code
from srs_monai.data.recipes.label import Label as Label
