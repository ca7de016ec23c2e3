"""The images of a data set, their labels and their use: training, validation or test."""

import logging
from collections.abc import Mapping
from pathlib import Path

from srs_monai.data.datalists.check_headers import check_headers
from srs_monai.data.datalists.datalist_options import Datalist, DatalistOptions, Item
from srs_monai.data.datalists.folder_datalist import folder_datalist
from srs_monai.data.datalists.json_datalist import json_datalist
from srs_monai.data.datalists.recipe_datalist import recipe_datalist, with_label_values
from srs_monai.data.loading.volumes import is_volume, slice_items
from srs_monai.data.sources import sources_below
from srs_monai.data.split_lists import (
    SECTIONS,
    TEST_LIST,
    TRAIN_LIST,
    VAL_LIST,
    lists_of_run,
    reject_trained_on,
    write_split,
)

logger = logging.getLogger(__name__)

_OF_LABELS = ("label", "label_values", "region_numbers")  # keys of an item


def load_datalist(
    dataset_dir: str | Path,
    *,
    recipe: str | None = None,
    split: str | int | None = None,
    include_normal: bool = False,
    images_dir: str = "images",
    masks_dir: str | None = "masks",
    mask_suffix: str = "",
    train_list: str | None = TRAIN_LIST,
    val_list: str | None = VAL_LIST,
    test_list: str | None = TEST_LIST,
    datalist: str | Path | None = None,
    fold: int = 0,
    val_fraction: float = 0.3,
    seed: int = 0,
    split_dir: str | Path | None = None,
    replace_split: bool = False,
    run_split: str | Path | None = None,
    skip_empty_slices: bool = False,
) -> Datalist:
    """List the images of a data set for training, validation and test, and check the headers of all files.

    There are three kinds of data sets:

    - Folders: `images/ masks/ train.txt val.txt [test.txt]`. A list has one name a line, without extension. Without
      lists, the sorted names are split by the seed.
    - A JSON list (`datalist`) in the form of the Medical Segmentation Decathlon, {"training": [{"image", "label"}],
      "validation": ..., "test": ...}. Without "validation", the training entries are split by their "fold", or else by
      the seed.
    - A published data set (`recipe`), in any of its known layouts. The recipe says where the files are, what the label
      values mean and how the set is split; folders, suffix and seed have no effect. Lists are only used if `train_list`
      or `val_list` differs from its default. With a JSON list, the recipe only says what the label values mean.

    Each slice of a volume becomes one item; the slices of a volume stay together in any split.

    A split drawn by the seed keeps these on one side: near-duplicates, DICOM images of one session (`session_of`), and
    JSON entries with the same "patient". What belongs to test images is skipped (`leak_free_split`). Given lists,
    sections and folds are used unchanged, and what they separate is counted in the log.

    Args:
        dataset_dir: folder of the data set.
        recipe: name of a published data set, see `srs_monai.data.recipes`.
        split: split of a recipe: 1, 2 or 3 (drawn; near-duplicates and a patient's images stay together), or the name
            of a published one; None is 1.
        include_normal: use the images of a recipe that show nothing to segment, too.
        images_dir, masks_dir: folders of images and masks in dataset_dir; masks_dir None lists images alone.
        mask_suffix: text between the image's name and the extension in a mask's name.
        train_list, val_list, test_list: lists of names, relative to dataset_dir. A list with the default name may be
            missing; None uses no list; any other list must exist.
        datalist: a JSON list, relative to dataset_dir; its paths are relative to itself or to dataset_dir.
        fold: the fold for validation, if the JSON list has folds.
        val_fraction: share of the validation images in a drawn split, between 0 and 1.
        seed: seed of the drawn split.
        split_dir: folder in which the split is written as lists; None writes nothing. A folder with another split is
            rejected, except for the split that earlier versions drew from the names alone.
        replace_split: replace another split in split_dir.
        run_split: the `split_dir` of the run whose weights are measured. Its lists are used unless other lists, a split
            or a JSON list are given. Images of its training are rejected among the held-out images.
        skip_empty_slices: train only on slices with a label. Validation and test keep all slices.

    Returns:
        {"training": items, "validation": items, "test": items}. An item is {"image": path, "label": path}, for a slice
        of a volume with "slice", its number upward. Several masks of an image are a list under "label" and mean their
        union. If a recipe's label files do not hold class numbers, "label_values" says what they hold, for
        `MaskToLabelsd`. If the label is a DICOM segmentation or structure set, and the JSON list or the entry has
        "labels", "region_numbers" has the class numbers of its regions by name, for `LoadLabeld`. Test items of a JSON
        list may have no label.

    Raises:
        ValueError: for missing folders, lists, images or masks; for names or stems that occur twice; for images in two
            sections or held out from a run that trained on them; for unknown recipes, layouts and splits; and for
            files that cannot be read or differ in size.
    """
    folder = Path(dataset_dir).expanduser()
    if not folder.is_dir():
        raise ValueError(f"dataset_dir must be the data set's folder, but there is no folder {folder}; correct it")
    report_leaks = True
    earlier_split = None if replace_split else split_dir
    default_lists = (train_list, val_list, test_list) == (TRAIN_LIST, VAL_LIST, TEST_LIST)
    no_other_split = default_lists and split is None and datalist is None
    if run_split is not None:
        earlier_split = run_split
        if no_other_split:
            train_list, val_list, test_list = lists_of_run(Path(run_split))
            report_leaks = False  # the run has reported them
    elif recipe is not None and no_other_split and (folder / TRAIN_LIST).is_file():
        logger.warning(
            "%s has its own lists, but split 1 of the recipe %s is used; to use the lists, give --train_list and "
            "--val_list their full paths, or name a published split",
            folder,
            recipe,
        )
    options = DatalistOptions(
        split="1" if split is None else str(split),
        include_normal=include_normal,
        images_dir=images_dir,
        masks_dir=masks_dir,
        mask_suffix=mask_suffix,
        train_list=train_list,
        val_list=val_list,
        test_list=test_list,
        fold=fold,
        val_fraction=val_fraction,
        seed=seed,
        report_leaks=report_leaks,
        earlier_split=None if earlier_split is None else Path(earlier_split),
    )
    if datalist is not None:
        sections, names = json_datalist(folder / datalist, folder, options)
        if recipe is not None:
            sections = {section: with_label_values(items, recipe) for section, items in sections.items()}
    elif recipe is not None:
        sections, names = recipe_datalist(folder, recipe, options)
    else:
        sections, names = folder_datalist(folder, options)
    counts = ", ".join(f"{len(names.get(section, []))} {section}" for section in SECTIONS)
    logger.info("%s: %s images", folder, counts)
    if run_split is not None:
        reject_trained_on(names, Path(run_split))
    expanded = {
        section: _with_slices(items, skip_empty=skip_empty_slices and section == "training")
        for section, items in sections.items()
    }
    if not expanded["training"]:
        raise ValueError(f"training needs slices with a label, but {folder} has none; set skip_empty_slices to False")
    if split_dir is not None:
        write_split(Path(split_dir), names, replace=replace_split)
    return expanded


def load_images(folder: str | Path) -> list[Item]:
    """All pictures and all slices of volumes in a folder and its sub-folders, as {"image": path}.

    The images are those of `find_sources`, which include DICOM series and frames of DICOM files.

    Raises:
        ValueError: when there is no such folder, no image in it, or one that cannot be read.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}; correct its name")
    items: list[Item] = [{"image": str(path)} for path in sources_below(folder)]
    if not items:
        raise ValueError(
            f"{folder} holds no images (PNG, JPEG, BMP, TIFF, NIfTI, NumPy, HDF5, DICOM); name a folder with images"
        )
    check_headers(items)
    return _with_slices(items)


def reconstruction_items(
    datalists: Mapping[str, list[Item]], unlabelled_dir: str | Path | None = None, *, with_validation: bool = False
) -> Datalist:
    """The "training" and "validation" items of the reconstruction stage, without labels.

    Args:
        datalists: a data list from `load_datalist`.
        unlabelled_dir: a folder of further training images, searched recursively.
        with_validation: train on the validation images too, the article's "T+V" setting. This is transductive: training
            sees those images, though not their masks.

    Raises:
        ValueError: when unlabelled_dir holds no images.
    """
    training = list(datalists["training"])
    if with_validation:
        training += datalists["validation"]
    if unlabelled_dir is not None:
        training += load_images(unlabelled_dir)
    chosen = {"training": training, "validation": datalists["validation"]}
    return {
        section: [{key: value for key, value in item.items() if key not in _OF_LABELS} for item in items]
        for section, items in chosen.items()
    }


def _with_slices(items: list[Item], *, skip_empty: bool = False) -> list[Item]:
    return [
        single
        for item in items
        for single in (slice_items(item, skip_empty=skip_empty) if is_volume(item["image"]) else [item])
    ]
