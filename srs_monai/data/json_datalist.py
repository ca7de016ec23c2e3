"""Data lists written down as JSON, in the form of the Medical Segmentation Decathlon."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from srs_monai.data.split import refuse_doubles, refuse_leaks, seeded_split

_SECTIONS = ("training", "validation", "test")


def json_datalist(
    path: Path, folder: Path, *, fold: int, val_fraction: float, seed: int
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[str]]]:
    """Items "image" and, except in the test section, "label", and the names of the images; see `load_datalist`."""
    listed = _sections(path)
    entries = {section: [_entry(e, section, path) for e in listed.get(section, [])] for section in _SECTIONS}
    if not entries["training"]:
        raise ValueError(f"a data list has a section 'training' with images, but {path} has none; add it")
    for section, found in entries.items():
        refuse_doubles([entry["image"] for entry in found], f"{section} of {path}")
    if not entries["validation"]:
        if any("fold" in entry for entry in entries["training"]):
            _take_fold(entries, fold, path)
        else:
            _draw(entries, val_fraction, seed)
    names = {section: [entry["image"] for entry in found] for section, found in entries.items()}
    refuse_leaks(names)
    items = {section: [_located(entry, path.parent, folder) for entry in found] for section, found in entries.items()}
    return items, names


def listed_labels(path: Path) -> Any:
    """What a list says under "labels" that the numbers of its labels mean; None where it says nothing.

    Raises:
        ValueError: when the file is no data list.
    """
    return _sections(path).get("labels")


def _sections(path: Path) -> dict[str, list[Any]]:
    if not path.is_file():
        raise ValueError(f"there is no data list {path}; correct its name")
    try:
        listed = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_without_repeats)
    except ValueError as error:
        raise ValueError(f"a data list is JSON, but {path} is not: {error}") from error
    if not isinstance(listed, dict) or not all(isinstance(listed.get(s, []), list) for s in _SECTIONS):
        raise ValueError(f"a data list maps 'training', 'validation' and 'test' to lists, but {path} does not")
    return listed


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these names and values; JSON does not say which of two values a repeated name has."""
    repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeated:
        raise ValueError(f"it repeats {repeated[0]!r}; leave one of them")
    return dict(pairs)


def _entry(entry: Any, section: str, path: Path) -> dict[str, Any]:
    """An entry as a dictionary; test entries may be bare names, all others have a label."""
    entry = {"image": entry} if section == "test" and isinstance(entry, str) else entry
    needed = ("image",) if section == "test" else ("image", "label")
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in needed):
        raise ValueError(
            f"an entry of {section} names one file as {' and one as '.join(needed)}, but {path} has "
            f"{json.dumps(entry)}; correct it"
        )
    return {key: entry[key] for key in ("image", "label", "fold") if entry.get(key) is not None}


def _take_fold(entries: dict[str, list[dict[str, Any]]], fold: int, path: Path) -> None:
    """Validate on the training entries of one fold."""
    folds = {entry.get("fold") for entry in entries["training"]}
    if fold not in folds or folds == {fold}:
        raise ValueError(f"fold has to be one of several in {path}, got {fold} of {sorted(folds, key=str)}; change it")
    entries["validation"] = [entry for entry in entries["training"] if entry.get("fold") == fold]
    entries["training"] = [entry for entry in entries["training"] if entry.get("fold") != fold]


def _draw(entries: dict[str, list[dict[str, Any]]], val_fraction: float, seed: int) -> None:
    """Draw validation entries from the training ones, whole volumes at a time."""
    by_name = {entry["image"]: entry for entry in entries["training"]}
    training, validation = seeded_split(list(by_name), val_fraction, seed)
    entries["training"] = [by_name[name] for name in training]
    entries["validation"] = [by_name[name] for name in validation]


def _located(entry: dict[str, Any], *folders: Path) -> dict[str, Any]:
    """The entry with its files' paths: beside the list or, where nothing is there, in the data folder."""
    located: dict[str, Any] = {}
    for key in ("image", "label"):
        if key in entry:
            candidates = [folder / entry[key] for folder in folders]
            located[key] = str(next((path for path in candidates if _is_there(path)), candidates[0]))
    return located


def _is_there(path: Path) -> bool:
    """Whether there is such a file, or one that could hold such an array."""
    return path.exists() or any(parent.is_file() for parent in path.parents)
