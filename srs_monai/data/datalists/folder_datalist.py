"""Data lists of the folder format: images/ masks/ train.txt val.txt [test.txt]."""

from pathlib import Path

from srs_monai.data.datalists.check_headers import check_headers
from srs_monai.data.datalists.datalist_options import Datalist, DatalistOptions, Item
from srs_monai.data.file_names import files_by_stem
from srs_monai.data.loading.dicom_images import session_of
from srs_monai.data.recipes import Case, Sections
from srs_monai.data.split_lists import (
    SECTIONS,
    TEST_LIST,
    TRAIN_LIST,
    VAL_LIST,
    read_names,
    reject_shared_names,
)
from srs_monai.data.splits.leak_free_split import leak_free_split
from srs_monai.data.splits.split_leaks import report_leaks
from srs_monai.text import few


def folder_datalist(folder: Path, options: DatalistOptions) -> tuple[Datalist, Sections]:
    """The items and names of a folder; items have an "image" and, with masks_dir, a "label". See `load_datalist`."""
    images, masks = _images_and_masks(folder, options)
    sections = given_lists(folder, options)
    reject_shared_names(sections)
    given, held_out = "training" in sections, sections.get("test", [])
    named = [name for names in sections.values() for name in names]
    names = named if given else list(dict.fromkeys([*images, *held_out]))
    items = _items("image", names, images, folder / options.images_dir)
    if masks is not None:
        mask_names = [name + options.mask_suffix for name in names]
        labels = _items("label", mask_names, masks, folder / str(options.masks_dir))
        items = [image | label for image, label in zip(items, labels, strict=True)]
    check_headers(items)
    by_name = dict(zip(names, items, strict=True))
    cases = {name: Case(name, item["image"], patient=session_of(item["image"])) for name, item in by_name.items()}
    if not given:
        tested = set(held_out)
        test = [cases[name] for name in held_out]
        pool = [case for name, case in cases.items() if name not in tested]
        sections = leak_free_split(
            f"{folder}: the drawn split",
            pool,
            test,
            val_fraction=options.val_fraction,
            seed=options.seed,
            earlier=options.earlier_split,
        )
    elif options.report_leaks:
        report_leaks(f"{folder}: the split by its lists", sections, list(cases.values()))
    return {section: [by_name[name] for name in sections.get(section, [])] for section in SECTIONS}, sections


def given_lists(folder: Path, options: DatalistOptions) -> Sections:
    """The names in the lists that exist, by section: those of training and validation images both, or neither.

    Raises:
        ValueError: when one of these two is missing, or a list whose name differs from the default.
    """
    lists = {
        "training": _list_path(folder, options.train_list, TRAIN_LIST),
        "validation": _list_path(folder, options.val_list, VAL_LIST),
        "test": _list_path(folder, options.test_list, TEST_LIST),
    }
    sections = {section: read_names(path) for section, path in lists.items() if path is not None}
    missing = {"training", "validation"} - set(sections)
    if len(missing) == 1:
        raise ValueError(
            f"{folder} needs lists of training and validation images, but has no list of {missing.pop()} images; add "
            f"it or remove the other"
        )
    return sections


def _images_and_masks(folder: Path, options: DatalistOptions) -> tuple[dict[str, Path], dict[str, Path] | None]:
    """The files of the two folders by stem; if both are one folder, the suffix separates them."""
    images_dir, masks_dir, suffix = options.images_dir, options.masks_dir, options.mask_suffix
    for name, option in ((images_dir, "images_dir"), (masks_dir, "masks_dir")):
        if name is not None and not (folder / name).is_dir():
            raise ValueError(f"{folder} has no folder {name}/; create it, or name the right one with {option}")
    images = files_by_stem(folder / images_dir, dicom=True)
    masks = None if masks_dir is None else files_by_stem(folder / masks_dir, dicom=True)
    if masks_dir is not None and (folder / images_dir).samefile(folder / masks_dir):
        if not suffix:
            raise ValueError(f"{folder / images_dir} holds both images and masks; separate them with mask_suffix")
        images = {stem: path for stem, path in images.items() if not stem.endswith(suffix)}
    if not images:
        raise ValueError(
            f"{folder / images_dir} holds no images (PNG, JPEG, BMP, TIFF, NIfTI, DICOM); add some, or name another "
            f"folder with images_dir"
        )
    return images, masks


def _list_path(folder: Path, name: str | None, default: str) -> Path | None:
    """The path of a list, if there is one; only a list with the default name may be missing."""
    if name is None:
        return None
    if (folder / name).is_file():
        return folder / name
    if name != default:
        raise ValueError(f"there is no list {folder / name}; correct its name")
    return None


def _items(key: str, names: list[str], files: dict[str, Path], place: Path) -> list[Item]:
    """An item {key: path} for each name."""
    missing = [name for name in names if name not in files]
    if missing:
        raise ValueError(
            f"every name needs its {'mask' if key == 'label' else key}, but {place} has none for {few(missing)}; add "
            f"the files or remove the names (lists hold names without extension)"
        )
    return [{key: str(files[name])} for name in names]
