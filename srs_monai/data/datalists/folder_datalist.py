"""Data lists of the folder format: images/ masks/ train.txt val.txt [test.txt]."""

from pathlib import Path
from typing import Any

from srs_monai.data.datalists.image_label_pairs import check_headers
from srs_monai.data.file_names import files_by_stem
from srs_monai.data.loading.dicom_images import session_of
from srs_monai.data.recipes import Case
from srs_monai.data.split_lists import SECTION_LISTS, TEST_LIST, TRAIN_LIST, VAL_LIST, read_names, refuse_leaks
from srs_monai.data.splits.drawn_split import drawn_split, report_divided
from srs_monai.text import few


def folder_datalist(
    folder: Path,
    *,
    images_dir: str,
    masks_dir: str | None,
    mask_suffix: str,
    train_list: str | None,
    val_list: str | None,
    test_list: str | None,
    val_fraction: float,
    seed: int,
    compare: bool,
    begun: Path | None,
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, list[str]]]:
    """Items "image" and "label" of a folder, "image" alone without masks_dir, and their names; see `load_datalist`.

    `compare` looks for what given lists divide; for `begun` see `drawn_split`.
    """
    images, masks = _images_and_masks(folder, images_dir, masks_dir, mask_suffix)

    sections = given_lists(folder, train_list, val_list, test_list)
    refuse_leaks(sections)
    given, held_out = "training" in sections, sections.get("test", [])
    named = [name for names in sections.values() for name in names]
    names = named if given else list(dict.fromkeys([*images, *held_out]))
    items = _items("image", names, images, folder / images_dir)
    if masks is not None:
        labels = _items("label", [name + mask_suffix for name in names], masks, folder / str(masks_dir))
        items = [image | label for image, label in zip(items, labels, strict=True)]
    check_headers(items)
    by_name = dict(zip(names, items, strict=True))
    cases = {name: Case(name, item["image"], patient=session_of(item["image"])) for name, item in by_name.items()}
    if not given:
        tested = set(held_out)
        test = [cases[name] for name in held_out]
        pool = [case for name, case in cases.items() if name not in tested]
        whose = f"{folder}: the drawn split"
        sections = drawn_split(whose, pool, test, val_fraction=val_fraction, seed=seed, begun=begun)
    elif compare:
        report_divided(f"{folder}: the split by its lists", sections, list(cases.values()))
    datalist = {section: [by_name[name] for name in sections.get(section, [])] for section in SECTION_LISTS}
    return datalist, sections


def given_lists(
    folder: Path, train_list: str | None, val_list: str | None, test_list: str | None
) -> dict[str, list[str]]:
    """The names in the lists that are there, by section: those of training and validation images both, or neither.

    Raises:
        ValueError: when one of these two is missing, or a list that has another name than the default.
    """
    lists = {
        "training": _list_path(folder, train_list, TRAIN_LIST),
        "validation": _list_path(folder, val_list, VAL_LIST),
        "test": _list_path(folder, test_list, TEST_LIST),
    }
    sections = {section: read_names(path) for section, path in lists.items() if path is not None}
    missing = {"training", "validation"} - set(sections)
    if len(missing) == 1:
        raise ValueError(f"{folder} has no list of {missing.pop()} images but the other; add it or take both away")
    return sections


def _images_and_masks(
    folder: Path, images_dir: str, masks_dir: str | None, mask_suffix: str
) -> tuple[dict[str, Path], dict[str, Path] | None]:
    """The two folders' files by stem; in one folder for both, the suffix tells them apart."""
    for name, option in ((images_dir, "images_dir"), (masks_dir, "masks_dir")):
        if name is not None and not (folder / name).is_dir():
            raise ValueError(f"{folder} has no folder {name}/; make it, or name the right one by {option}")
    images = files_by_stem(folder / images_dir, dicom=True)
    masks = None if masks_dir is None else files_by_stem(folder / masks_dir, dicom=True)
    if masks_dir is not None and (folder / images_dir).samefile(folder / masks_dir):
        if not mask_suffix:
            raise ValueError(f"images and masks both lie in {folder / images_dir}; tell them apart by mask_suffix")
        images = {stem: path for stem, path in images.items() if not stem.endswith(mask_suffix)}
    if not images:
        raise ValueError(
            f"there are no images (PNG, JPEG, BMP, TIFF, NIfTI, DICOM) in {folder / images_dir}; put some there"
        )
    return images, masks


def _list_path(folder: Path, name: str | None, default: str) -> Path | None:
    """Where a list is, or nothing; only the default names may be missing, others were meant."""
    if name is None:
        return None
    if (folder / name).is_file():
        return folder / name
    if name != default:
        raise ValueError(f"there is no list {folder / name}; correct its name")
    return None


def _items(key: str, names: list[str], files: dict[str, Path], place: Path) -> list[dict[str, Any]]:
    """Names as items {key: path}."""
    missing = [name for name in names if name not in files]
    if missing:
        raise ValueError(
            f"every name needs its {'mask' if key == 'label' else key}, but {place} has none for {few(missing)}; add "
            f"the files or leave out the names (they stand without extension)"
        )
    return [{key: str(files[name])} for name in names]
