"""The images of an experiment: those to train on, those to choose the weights by, and those to measure once."""

from collections.abc import Sequence
from pathlib import Path

from srs_monai.data.datalists.recipe_split import cases_of, split_cases
from srs_monai.data.recipes import Case, recipe
from srs_monai.data.split_lists import write_split
from srs_monai.data.splits.leak_free_split import draw_groups
from srs_monai.data.splits.split_leaks import image_pairs

CHOICE_FRACTION = 0.1  # of the training images; they choose the weights where a split has no images for that


def write_lists(folder: Path, data: Path, name: str, split: str, seed: int) -> dict[str, int]:
    """Write train.txt, val.txt and test.txt of an experiment, and give back how many images each names.

    Test images must not choose the weights. Where a split has training and validation images alone, its validation
    images are what published figures are measured on: they are the test images here, and a tenth of the training images
    is held out to choose the weights. Near-duplicates and the images of a patient stay on one side of that division.

    Args:
        folder: for the lists.
        data: folder of the data set.
        name: of its recipe.
        split: as `split_cases` takes it.
        seed: of the division of the training images.
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
    drawn = draw_groups(whose, training, image_pairs(training), CHOICE_FRACTION, seed)
    return {part: list(drawn[part]) for part in ("training", "validation")}
