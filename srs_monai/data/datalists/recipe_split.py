"""The split of a published data set, drawn or published."""

import logging
from collections.abc import Sequence
from pathlib import Path

from srs_monai.data.recipes import Case, Recipe, Sections, recipe
from srs_monai.data.split_lists import reject_repeated_names, reject_shared_names, write_split
from srs_monai.data.splits.leak_free_split import draw_groups, leak_free_split
from srs_monai.data.splits.split_leaks import image_pairs, report_leaks
from srs_monai.files import check_folder
from srs_monai.text import few

logger = logging.getLogger(__name__)

DRAWN_SPLITS = ("1", "2", "3")  # each is drawn with its number as the seed


def cases_of(known: Recipe, folder: str | Path) -> list[Case]:
    """The cases of a data set.

    Raises:
        ValueError: when two cases have one name, and as `Recipe.cases` does.
    """
    cases = known.cases(folder)
    reject_repeated_names([case.name for case in cases], str(folder))
    return cases


def split_cases(
    known: Recipe,
    folder: str | Path,
    cases: Sequence[Case],
    split: str = "1",
    *,
    val_fraction: float = 0.3,
    include_normal: bool = False,
    seed: int | None = None,
) -> Sections:
    """Names of the cases for training, validation and test.

    The splits "1", "2" and "3" are drawn: near-duplicates, and images of one patient, stay on one side. Cases that the
    data set holds out for testing stay held out, and what belongs to them is skipped if enough cases remain. A
    published list is used unchanged. If it has no validation cases, they are drawn from its training cases with seed 1.
    Near-duplicates and patients in two sections are counted in the log.

    Args:
        known: the recipe.
        folder: folder of the data set.
        cases: its cases, from `cases_of`.
        split: "1", "2", "3", or the name of a published one.
        val_fraction: share of the validation cases in a drawn split, between 0 and 1.
        include_normal: draw also from the cases that show nothing to segment.
        seed: seed of the draw; None is the split's number, and 1 for the validation cases of a published split.

    Raises:
        ValueError: when there is no such split, when it names other cases, or when there are too few cases.
    """
    by_name = {case.name: case for case in cases}
    if split in DRAWN_SPLITS:
        pool = [case for case in cases if case.section != "test" and (include_normal or not case.normal)]
        test = [case for case in cases if case.section == "test"]
        seed = int(split) if seed is None else seed
        return leak_free_split(
            f"{known.name}: the drawn split {split}", pool, test, val_fraction=val_fraction, seed=seed
        )
    published = known.published(folder, cases)
    if split not in published:
        raise ValueError(
            f"the splits of {folder} are {', '.join((*DRAWN_SPLITS, *published))}; got {split!r}; name one of them, or "
            f"give your own lists with train_list and val_list"
        )
    sections = published[split]
    strangers = [name for names in sections.values() for name in names if name not in by_name]
    if strangers:
        raise ValueError(
            f"the split {split} of {known.name} names {few(strangers)}, but {folder} does not hold them; add the "
            f"images or choose another split"
        )
    whose = f"{known.name}: the published split {split}"
    pairs = image_pairs([by_name[name] for names in sections.values() for name in names])
    if not sections.get("validation"):
        training = [by_name[name] for name in sections["training"]]
        sections = sections | draw_groups(whose, training, pairs, val_fraction, 1 if seed is None else seed)
        logger.info("%s has no validation images; they are drawn from its training images", whose)
    report_leaks(whose, sections, cases, pairs)
    return sections


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
    """Write the split of a published data set as train.txt, val.txt and, if test images are held out, test.txt.

    Args:
        name: name of the recipe.
        folder: folder of the data set.
        output_dir: folder for the lists; a folder with other lists is rejected.
        split, seed, val_fraction, include_normal: see `split_cases`.
        replace: replace other lists.

    Returns:
        The names in each list, by "training", "validation" and "test".

    Raises:
        ValueError: for an unknown recipe, layout or split, for images that cannot be read, for too few images, and
            when the folder holds another split.
    """
    check_folder(output_dir)
    known = recipe(name)
    cases = cases_of(known, folder)
    sections = split_cases(
        known, folder, cases, str(split), val_fraction=val_fraction, include_normal=include_normal, seed=seed
    )
    reject_shared_names(sections)
    write_split(Path(output_dir), sections, replace=replace)
    return sections
