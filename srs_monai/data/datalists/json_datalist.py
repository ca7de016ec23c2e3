"""Data lists written down as JSON, in the form of the Medical Segmentation Decathlon."""

import json
import posixpath
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from srs_monai.data.datalists.image_label_pairs import check_headers
from srs_monai.data.labels.region_names import region_numbers
from srs_monai.data.loading.dicom_images import session_of
from srs_monai.data.readers.dicom_label import dicom_label
from srs_monai.data.recipes import Case
from srs_monai.data.split_lists import refuse_doubles, refuse_leaks
from srs_monai.data.splits.drawn_split import drawn_split, report_divided

_SECTIONS = ("training", "validation", "test")


def json_datalist(
    path: Path, folder: Path, *, fold: int, val_fraction: float, seed: int, compare: bool, begun: Path | None
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[str]]]:
    """Items "image" and, except in the test section, "label", and the names of the images; see `load_datalist`.

    `compare` looks for what the list's own sections or folds divide; for `begun` see `drawn_split`.
    """
    listed = _sections(path)
    entries = {section: [_entry(e, section, path) for e in listed.get(section, [])] for section in _SECTIONS}
    if not entries["training"]:
        raise ValueError(f"a data list has a section 'training' with images, but {path} has none; add it")
    for section, found in entries.items():
        refuse_doubles([_same_way(entry) for entry in found], f"{section} of {path}")
    drawing = not entries["validation"] and not any("fold" in entry for entry in entries["training"])
    if not entries["validation"] and not drawing:
        _take_fold(entries, fold, path)
    refuse_leaks({section: [_same_way(entry) for entry in found] for section, found in entries.items()})
    of_name = {entry["image"]: entry for found in entries.values() for entry in found}
    items = {name: _item(entry, path, folder, listed.get("labels")) for name, entry in of_name.items()}
    check_headers(items.values())
    names = {section: [entry["image"] for entry in found] for section, found in entries.items()}
    patients = _patients(of_name, {name: session_of(item["image"]) for name, item in items.items()})
    cases = {name: Case(name, item["image"], patient=patients[name]) for name, item in items.items()}
    if drawing:
        pool, test = ([cases[name] for name in names[section]] for section in ("training", "test"))
        whose = f"{path}: the drawn split"
        names = drawn_split(whose, pool, test, val_fraction=val_fraction, seed=seed, begun=begun)
    elif compare:
        report_divided(f"{path}: its split", names, list(cases.values()))
    return {section: [items[name] for name in names[section]] for section in _SECTIONS}, names


def _patients(entries: Mapping[str, Mapping[str, Any]], sessions: Mapping[str, str | None]) -> dict[str, str | None]:
    """Whose each image is: as its entry says, else as another entry of its session says, else by the session."""
    of_session = {
        sessions[name]: entry["patient"] for name, entry in entries.items() if entry.get("patient") and sessions[name]
    }
    return {
        name: entry.get("patient") or of_session.get(sessions[name], sessions[name]) for name, entry in entries.items()
    }


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
    kept = {key: entry[key] for key in ("image", "label", "fold", "labels") if entry.get(key) is not None}
    return kept if entry.get("patient") is None else kept | {"patient": _patient(entry, section, path)}


def _patient(entry: dict[str, Any], section: str, path: Path) -> str:
    """Whose image an entry says it has."""
    patient = entry["patient"]
    if not isinstance(patient, str | int) or isinstance(patient, bool) or patient == "":
        raise ValueError(
            f"a patient is a name or a number, but an entry of {section} in {path} has {json.dumps(patient)}; "
            f"correct it, or leave 'patient' out"
        )
    return str(patient)


def _same_way(entry: dict[str, Any]) -> str:
    """The image's name, written in one way: "./a.png" is a.png."""
    return posixpath.normpath(str(entry["image"]))


def _take_fold(entries: dict[str, list[dict[str, Any]]], fold: int, path: Path) -> None:
    """Validate on the training entries of one fold."""
    folds = {entry.get("fold") for entry in entries["training"]}
    if fold not in folds or folds == {fold}:
        raise ValueError(f"fold has to be one of several in {path}, got {fold} of {sorted(folds, key=str)}; change it")
    entries["validation"] = [entry for entry in entries["training"] if entry.get("fold") == fold]
    entries["training"] = [entry for entry in entries["training"] if entry.get("fold") != fold]


def _item(entry: dict[str, Any], path: Path, folder: Path, labels: Any) -> dict[str, Any]:
    """The entry with its files' paths and, of DICOM regions, its own "labels" or those of the list."""
    item = _located(entry, path.parent, folder)
    names = entry.get("labels", labels)
    if names is None or "label" not in item or dicom_label(item["label"]) is None:
        return item
    return item | {"label_names": region_numbers(names, str(path))}


def _located(entry: dict[str, Any], *folders: Path) -> dict[str, Any]:
    """The entry with its files' paths: beside the list or, where nothing is there, in the data folder."""
    located: dict[str, Any] = {}
    for key in ("image", "label"):
        if key in entry:
            candidates = [folder / entry[key] for folder in folders]
            there = [path for path in candidates if _is_there(path)] or [path for path in candidates if _may_be(path)]
            located[key] = str((there or candidates)[0])
    return located


def _is_there(path: Path) -> bool:
    """Whether there is such a file or folder, or a file that could hold such an array or frame."""
    return path.exists() or any(parent.is_file() for parent in path.parents)


def _may_be(path: Path) -> bool:
    """Whether there is a folder that could hold such a DICOM series, FOLDER/SERIES_UID."""
    return path.parent.is_dir()
