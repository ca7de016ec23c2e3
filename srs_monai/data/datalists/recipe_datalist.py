"""Data lists of published data sets, by their recipes."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from srs_monai.data.datalists.folder_datalist import given_lists
from srs_monai.data.datalists.image_label_pairs import check_headers
from srs_monai.data.recipes import Case, Layout, Recipe, Sections, recipe
from srs_monai.data.split_lists import TRAIN_LIST, VAL_LIST, refuse_doubles, refuse_leaks
from srs_monai.data.splits.drawn_split import draw, drawn_split, image_pairs, report_divided
from srs_monai.text import few

logger = logging.getLogger(__name__)

DRAWN_SPLITS = ("1", "2", "3")  # each is drawn by its number as the seed
_SECTIONS = ("training", "validation", "test")


def recipe_datalist(
    folder: Path,
    name: str,
    *,
    split: str,
    include_normal: bool,
    with_masks: bool,
    train_list: str | None,
    val_list: str | None,
    test_list: str | None,
    val_fraction: float,
    compare: bool,
) -> tuple[dict[str, list[dict[str, Any]]], Sections]:
    """Items of a published data set and the names of their cases; see `load_datalist`.

    `compare` looks for what given lists divide.
    """
    known = recipe(name)
    cases = known.cases(folder)
    refuse_doubles([case.name for case in cases], str(folder))
    if train_list not in (None, TRAIN_LIST) or val_list not in (None, VAL_LIST):
        sections = given_lists(folder, train_list, val_list, test_list)
    else:
        sections = split_cases(known, folder, cases, split, val_fraction=val_fraction, include_normal=include_normal)
        compare = False  # of these, split_cases has said what they divide
    refuse_leaks(sections)
    by_name = {case.name: case for case in cases}
    items = {section: _items(sections.get(section, []), by_name, folder, with_masks) for section in _SECTIONS}
    check_headers(item for listed in items.values() for item in listed)
    if compare:
        report_divided(f"{folder}: the split by the given lists", sections, cases)
    layout = known.located(folder)[1]
    return {section: with_label_values(listed, name, layout) for section, listed in items.items()}, sections


def with_label_values(
    items: Sequence[Mapping[str, Any]], name: str, layout: Layout | None = None
) -> list[dict[str, Any]]:
    """The items with what the label files of a recipe hold under "label_values", where these are no class numbers."""
    values = recipe(name).label_values(layout)
    return [dict(item) if values is None or "label" not in item else {**item, "label_values": values} for item in items]


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
    """Names of the cases to train on, to validate on and to test on.

    A split "1", "2" or "3" is drawn: near-duplicates, and images of one patient, stay on one side. What the data set's
    own place holds out for testing stays held out, and what belongs to it is left out, where enough would be left. A
    published list is taken as it is; where it names no validation cases, they are drawn from its training cases as
    split 1. What a list, or what is held out, divides is counted in the log.

    Args:
        known: the recipe.
        folder: of the data set.
        cases: its cases, as `known.cases(folder)` gives them.
        split: "1", "2", "3", or the name of a published one.
        val_fraction: share of the validation cases in a drawn split, between 0 and 1.
        include_normal: draw from the cases that show nothing to be segmented, too.
        seed: of what is drawn; None is the split's number, and 1 for the validation cases of a published split.

    Raises:
        ValueError: when there is no such split, when it names other cases, or when there are too few to be split.
    """
    by_name = {case.name: case for case in cases}
    if split in DRAWN_SPLITS:
        pool = [case for case in cases if case.section != "test" and (include_normal or not case.normal)]
        test = [case for case in cases if case.section == "test"]
        seed = int(split) if seed is None else seed
        return drawn_split(f"{known.name}: the drawn split {split}", pool, test, val_fraction=val_fraction, seed=seed)
    published = known.published(folder, cases)
    if split not in published:
        raise ValueError(
            f"{folder} can be split as {', '.join((*DRAWN_SPLITS, *published))}; got {split!r}. Name one of these, or "
            f"lists of your own by train_list and val_list"
        )
    sections = published[split]
    strangers = [name for names in sections.values() for name in names if name not in by_name]
    if strangers:
        raise ValueError(
            f"the split {split} of {known.name} names {few(strangers)}, which {folder} does not hold; add the images, "
            f"or take another split"
        )
    whose = f"{known.name}: the published split {split}"
    pairs = image_pairs([by_name[name] for names in sections.values() for name in names])
    if not sections.get("validation"):
        training = [by_name[name] for name in sections["training"]]
        sections = sections | draw(whose, training, pairs, val_fraction, 1 if seed is None else seed)
        logger.info("%s has no validation images; they are drawn from its training images", whose)
    report_divided(whose, sections, cases, pairs)
    return sections


def _items(names: Sequence[str], cases: Mapping[str, Case], folder: Path, with_masks: bool) -> list[dict[str, Any]]:
    missing = [name for name in names if name not in cases or not cases[name].image]
    if missing:
        raise ValueError(f"every name needs its image, but {folder} has none for {few(missing)}; add or leave them out")
    if not with_masks:
        return [{"image": cases[name].image} for name in names]
    missing = [name for name in names if not cases[name].masks]
    if missing:
        raise ValueError(
            f"every image needs its mask, but {folder} has none for {few(missing)}; add the files, or leave the images "
            f"out by lists of your own"
        )
    return [{"image": cases[name].image, "label": _label(cases[name].masks)} for name in names]


def _label(masks: tuple[str, ...]) -> str | list[str]:
    return masks[0] if len(masks) == 1 else list(masks)
