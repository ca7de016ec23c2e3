"""The images of an experiment: for training, for the choice of the weights, and for the final test."""

from collections.abc import Sequence
from pathlib import Path

from srs_monai.data.datalists.recipe_split import cases_of, split_cases
from srs_monai.data.recipes import Case, recipe
from srs_monai.data.split_lists import write_split
from srs_monai.data.splits.leak_free_split import draw_groups
from srs_monai.data.splits.split_leaks import image_pairs

VAL_FRACTION = 0.1  # share of the training images for validation, if a split has no images for it


def write_lists(folder: Path, data: Path, name: str, split: str, seed: int) -> dict[str, int]:
    """Write train.txt, val.txt and test.txt of an experiment, and return the number of images in each.

    Test images must not choose the weights. If a split has only training and validation images, published figures are
    measured on its validation images. These are the test images here, and a tenth of the training images becomes the
    validation images. Near-duplicates and the images of a patient stay on one side of this division.

    Args:
        folder: folder for the lists.
        data: folder of the data set.
        name: name of its recipe.
        split: name of the split, see `split_cases`.
        seed: seed of the division of the training images.

    Raises:
        ValueError: as `split_cases` does, and if the folder holds other lists.
    """
    known = recipe(name)
    cases = cases_of(known, data)
    sections = {part: list(names) for part, names in split_cases(known, data, cases, split).items()}
    if not sections.get("test"):
        sections["test"] = sections.pop("validation")
        sections |= _divided(f"{name}: the training images of split {split}", sections["training"], cases, seed)
    write_split(folder, sections)
    return {part: len(names) for part, names in sections.items()}


def _divided(whose: str, names: Sequence[str], cases: Sequence[Case], seed: int) -> dict[str, list[str]]:
    wanted = set(names)
    training = [case for case in cases if case.name in wanted]
    drawn = draw_groups(whose, training, image_pairs(training), VAL_FRACTION, seed)
    return {part: list(drawn[part]) for part in ("training", "validation")}
