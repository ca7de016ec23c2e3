"""Data lists of published data sets, from their recipes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from srs_monai.data.datalists.check_headers import check_headers
from srs_monai.data.datalists.datalist_options import Datalist, DatalistOptions, Item
from srs_monai.data.datalists.folder_datalist import given_lists
from srs_monai.data.datalists.recipe_split import cases_of, split_cases
from srs_monai.data.recipes import Case, Layout, Sections, recipe
from srs_monai.data.split_lists import SECTIONS, TRAIN_LIST, VAL_LIST, reject_shared_names
from srs_monai.data.splits.split_leaks import report_leaks
from srs_monai.text import few


def recipe_datalist(folder: Path, name: str, options: DatalistOptions) -> tuple[Datalist, Sections]:
    """The items of a published data set and the names of their cases; see `load_datalist`."""
    known = recipe(name)
    cases = cases_of(known, folder)
    own_lists = options.train_list not in (None, TRAIN_LIST) or options.val_list not in (None, VAL_LIST)
    if own_lists:
        sections = given_lists(folder, options)
    else:
        sections = split_cases(
            known,
            folder,
            cases,
            options.split,
            val_fraction=options.val_fraction,
            include_normal=options.include_normal,
        )
    reject_shared_names(sections)
    by_name = {case.name: case for case in cases}
    with_masks = options.masks_dir is not None
    items = {section: _items(sections.get(section, []), by_name, folder, with_masks) for section in SECTIONS}
    check_headers(item for listed in items.values() for item in listed)
    if own_lists and options.report_leaks:
        report_leaks(f"{folder}: the split by the given lists", sections, cases)
    layout = known.located(folder)[1]
    return {section: with_label_values(listed, name, layout) for section, listed in items.items()}, sections


def with_label_values(items: Sequence[Mapping[str, Any]], name: str, layout: Layout | None = None) -> list[Item]:
    """The items with the values of a recipe's label files under "label_values", unless these are class numbers."""
    values = recipe(name).label_values(layout)
    return [dict(item) if values is None or "label" not in item else {**item, "label_values": values} for item in items]


def _items(names: Sequence[str], cases: Mapping[str, Case], folder: Path, with_masks: bool) -> list[Item]:
    missing = [name for name in names if name not in cases or not cases[name].image]
    if missing:
        raise ValueError(
            f"every name needs its image, but {folder} has none for {few(missing)}; add the images or remove the names"
        )
    if not with_masks:
        return [{"image": cases[name].image} for name in names]
    missing = [name for name in names if not cases[name].masks]
    if missing:
        raise ValueError(
            f"every image needs its mask, but {folder} has none for {few(missing)}; add the files, or write your own "
            f"lists without these images"
        )
    return [{"image": cases[name].image, "label": _label(cases[name].masks)} for name in names]


def _label(masks: tuple[str, ...]) -> str | list[str]:
    return masks[0] if len(masks) == 1 else list(masks)
