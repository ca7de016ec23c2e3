"""A published data set's split, written down as lists of names."""

from pathlib import Path

from srs_monai.data.datalists.recipe_datalist import split_cases
from srs_monai.data.recipes import Sections, recipe
from srs_monai.data.split_lists import refuse_doubles, refuse_leaks, write_split
from srs_monai.files import check_folder


def split_dataset(
    name: str,
    folder: str | Path,
    output_dir: str | Path,
    *,
    split: str | int = 1,
    seed: int | None = None,
    val_fraction: float = 0.3,
    include_normal: bool = False,
    replace: bool = False,
) -> Sections:
    """Write train.txt, val.txt and, where something is held out for testing, test.txt.

    Near-duplicates and a patient's images stay on one side of a drawn split; a published one is taken as it is. How
    many groups there are, and what a split divides, stands in the log.

    Args:
        name: of the data set's recipe.
        folder: where it lies.
        output_dir: where the lists go; other lists that are there are refused.
        split: 1, 2 or 3 (drawn), or the name of a published one.
        seed: of what is drawn; None is the split's number.
        val_fraction: share of the validation images in what is drawn, between 0 and 1.
        include_normal: draw from the images that show nothing to be segmented, too.
        replace: put these lists in place of others.

    Returns:
        The names in each list, by "training", "validation" and "test".

    Raises:
        ValueError: when recipe, layout or split are not known, images cannot be read or are too few, or the folder
            holds another split.
    """
    check_folder(output_dir)
    known = recipe(name)
    cases = known.cases(folder)
    refuse_doubles([case.name for case in cases], str(folder))
    sections = split_cases(
        known, folder, cases, str(split), val_fraction=val_fraction, include_normal=include_normal, seed=seed
    )
    refuse_leaks(sections)
    write_split(Path(output_dir), sections, replace=replace)
    return sections
