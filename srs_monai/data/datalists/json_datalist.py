"""Data lists in JSON, in the form of the Medical Segmentation Decathlon."""

import json
import posixpath
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from srs_monai.data.datalists.check_headers import check_headers
from srs_monai.data.datalists.datalist_options import Datalist, DatalistOptions, Item
from srs_monai.data.loading.dicom_images import session_of
from srs_monai.data.readers.dicom_label import dicom_label
from srs_monai.data.recipes import Case, Sections
from srs_monai.data.split_lists import SECTIONS, reject_repeated_names, reject_shared_names
from srs_monai.data.splits.leak_free_split import leak_free_split
from srs_monai.data.splits.split_leaks import report_leaks
from srs_monai.labels import region_numbers


def json_datalist(path: Path, folder: Path, options: DatalistOptions) -> tuple[Datalist, Sections]:
    """The items of a JSON list and the names of its images; test items may lack a "label". See `load_datalist`."""
    listed = _read_list(path)
    entries = {section: [_entry(e, section, path) for e in listed.get(section, [])] for section in SECTIONS}
    if not entries["training"]:
        raise ValueError(f"a data list must have a section 'training' with images, but {path} has none; add it")
    for section, found in entries.items():
        reject_repeated_names([_same_way(entry) for entry in found], f"{section} of {path}")
    drawing = not entries["validation"] and not any("fold" in entry for entry in entries["training"])
    if not entries["validation"] and not drawing:
        _take_fold(entries, options.fold, path)
    reject_shared_names({section: [_same_way(entry) for entry in found] for section, found in entries.items()})
    by_name = {entry["image"]: entry for found in entries.values() for entry in found}
    items = {name: _item(entry, path, folder, listed.get("labels")) for name, entry in by_name.items()}
    check_headers(items.values())
    names = {section: [entry["image"] for entry in found] for section, found in entries.items()}
    patients = _patients(by_name, {name: session_of(item["image"]) for name, item in items.items()})
    cases = {name: Case(name, item["image"], patient=patients[name]) for name, item in items.items()}
    if drawing:
        names = leak_free_split(
            f"{path}: the drawn split",
            [cases[name] for name in names["training"]],
            [cases[name] for name in names["test"]],
            val_fraction=options.val_fraction,
            seed=options.seed,
            earlier=options.earlier_split,
        )
    elif options.report_leaks:
        report_leaks(f"{path}: its split", names, list(cases.values()))
    return {section: [items[name] for name in names[section]] for section in SECTIONS}, names


def listed_labels(path: Path) -> Any:
    """The "labels" of a data list; None if it has none.

    Raises:
        ValueError: when the file is not a data list.
    """
    return _read_list(path).get("labels")


def _read_list(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"there is no data list {path}; correct its name")
    try:
        listed = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_without_repeats)
    except ValueError as error:
        raise ValueError(f"a data list must be JSON, but {path} is not: {error}; correct it") from error
    if not isinstance(listed, dict) or not all(isinstance(listed.get(s, []), list) for s in SECTIONS):
        raise ValueError(
            f"a data list must map 'training', 'validation' and 'test' to lists, but {path} does not; correct it"
        )
    return listed


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; repeated names are rejected, because JSON does not say which value counts."""
    repeated = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeated:
        raise ValueError(f"it repeats {repeated[0]!r}")
    return dict(pairs)


def _entry(entry: Any, section: str, path: Path) -> dict[str, Any]:
    """An entry as a dictionary; a test entry may be a name alone, all others need a label."""
    entry = {"image": entry} if section == "test" and isinstance(entry, str) else entry
    needed = ("image",) if section == "test" else ("image", "label")
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in needed):
        raise ValueError(
            f"an entry of {section} must name one file as {' and one as '.join(needed)}, but {path} has "
            f"{json.dumps(entry)}; correct it"
        )
    kept = {key: entry[key] for key in ("image", "label", "fold", "labels") if entry.get(key) is not None}
    patient = entry.get("patient")
    if patient is None:
        return kept
    if not isinstance(patient, str | int) or isinstance(patient, bool) or patient == "":
        raise ValueError(
            f"'patient' must be a name or a number, but an entry of {section} in {path} has {json.dumps(patient)}; "
            f"correct or remove it"
        )
    return kept | {"patient": str(patient)}


def _same_way(entry: Mapping[str, Any]) -> str:
    """The image's name in one spelling: "./a.png" is a.png."""
    return posixpath.normpath(str(entry["image"]))


def _take_fold(entries: dict[str, list[dict[str, Any]]], fold: int, path: Path) -> None:
    """Move the training entries of one fold to validation."""
    folds = {entry.get("fold") for entry in entries["training"]}
    if fold not in folds or folds == {fold}:
        raise ValueError(f"fold must be one of several in {path}; got {fold} of {sorted(folds, key=str)}; change it")
    entries["validation"] = [entry for entry in entries["training"] if entry.get("fold") == fold]
    entries["training"] = [entry for entry in entries["training"] if entry.get("fold") != fold]


def _patients(entries: Mapping[str, Mapping[str, Any]], sessions: Mapping[str, str | None]) -> dict[str, str | None]:
    """The patient of each image: from its entry, or else from an entry of the same session, or else the session."""
    of_session = {
        sessions[name]: entry["patient"] for name, entry in entries.items() if entry.get("patient") and sessions[name]
    }
    return {
        name: entry.get("patient") or of_session.get(sessions[name], sessions[name]) for name, entry in entries.items()
    }


def _item(entry: Mapping[str, Any], path: Path, folder: Path, labels: Any) -> Item:
    """The entry with the paths of its files and, for DICOM regions, the "labels" of the entry or of the list."""
    item = {key: _located(entry[key], path.parent, folder) for key in ("image", "label") if key in entry}
    own_labels = entry.get("labels", labels)
    if own_labels is None or "label" not in item or dicom_label(item["label"]) is None:
        return item
    return item | {"region_numbers": region_numbers(own_labels, str(path))}


def _located(name: str, *folders: Path) -> str:
    """The path of a file: beside the list or, if nothing is there, in the folder of the data set."""
    candidates = [folder / name for folder in folders]
    there = [path for path in candidates if _is_there(path)] or [path for path in candidates if path.parent.is_dir()]
    return str((there or candidates)[0])  # a folder above may hold the DICOM series FOLDER/SERIES_UID


def _is_there(path: Path) -> bool:
    """Whether the file or folder exists, or a file that could hold such an array or frame."""
    return path.exists() or any(parent.is_file() for parent in path.parents)
