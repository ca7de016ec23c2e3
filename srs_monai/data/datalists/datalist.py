"""Which images there are, which labels belong to them and what they are for."""

import logging
from pathlib import Path
from typing import Any

from srs_monai.data.datalists.folder_datalist import folder_datalist
from srs_monai.data.datalists.image_label_pairs import check_headers
from srs_monai.data.datalists.json_datalist import json_datalist
from srs_monai.data.datalists.recipe_datalist import recipe_datalist, with_label_values
from srs_monai.data.loading.volumes import is_volume, slice_items
from srs_monai.data.sources import sources_below
from srs_monai.data.split_lists import TEST_LIST, TRAIN_LIST, VAL_LIST, lists_of_run, refuse_trained_on, write_split

logger = logging.getLogger(__name__)


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
) -> dict[str, list[dict[str, Any]]]:
    """List the images of a data set for training, validation and test, all files checked by their headers.

    The folder format is `images/ masks/ train.txt val.txt [test.txt]`; a list has one name a line, without extension,
    and without lists the sorted names are split by the seed. A JSON list in the form of the Medical Segmentation
    Decathlon, {"training": [{"image", "label"}], "validation": ..., "test": ...}, is taken instead where `datalist`
    names one; without "validation" its training entries are split by their "fold", else by the seed. Volumes
    become one item a slice; a volume's slices stay together in any split.

    A split by the seed keeps near-duplicates on one side, DICOM images of one session (`session_of`), and entries of a
    JSON list with the same "patient"; what belongs to test images is left out of it (`drawn_split`). Given lists,
    sections and folds are taken as they are, and what they divide is counted in the log.

    A recipe knows a published data set in the layouts in which people have it: where the files are, what the values of
    the labels mean and how it is split. Folders, the suffix and the seed are no matter then, and lists are only taken
    where `train_list` or `val_list` names one that is not called as the default is. With a JSON list the recipe says
    what the label values mean.

    Args:
        dataset_dir: folder of the data set.
        recipe: name of a published data set, see `srs_monai.data.recipes`.
        split: of a recipe: 1, 2 or 3 (drawn; near-duplicates and a patient's images stay together), or the name of a
            published one; None is 1.
        include_normal: of a recipe: take the images that show nothing to be segmented, too.
        images_dir, masks_dir: its folders of images and masks; without masks_dir, images alone are listed.
        mask_suffix: what a mask's name has after the image's name and before the extension.
        train_list, val_list, test_list: lists of names, relative to dataset_dir. The default names may be missing, and
            None takes no list; any other name has to be there.
        datalist: a JSON list, relative to dataset_dir; its own paths are relative to itself or to dataset_dir.
        fold: which fold validates, where the JSON list has folds.
        val_fraction: share of the validation images in a drawn split, between 0 and 1.
        seed: of the drawn split.
        split_dir: where the split, drawn or given, is written down as lists; None writes nothing. A folder that holds
            another split is refused, but for what the seed gives without a look at the images, as earlier versions did.
        replace_split: put this split in place of another that is there.
        run_split: the `split_dir` of the run whose weights are measured. Its lists are taken where no others, no split
            and no JSON list are asked for, and what it trained on is refused among what is held out.
        skip_empty_slices: train on the slices that hold a label only. Validation and test keep all their slices.

    Returns:
        {"training": items, "validation": items, "test": items}, items as {"image": path, "label": path} and, for a
        slice of a volume, "slice": its number upward. Several masks of an image are a list under "label", for their
        union. Where a recipe's label files do not hold class numbers, "label_values" says what they hold, for
        `MaskToLabelsd`; where the label is a DICOM segmentation or structure set, and the JSON list or the entry has
        "labels", "label_names" says which of its regions are which class, for `LoadLabeld`. Test items of a JSON list
        may have no label.

    Raises:
        ValueError: for missing folders, lists, images or masks, for names or stems that occur twice, for images in two
            sections or held out from a run that trained on them, for recipes, layouts and splits that are not known,
            and for files that cannot be read or whose sizes do not agree.
    """
    folder = Path(dataset_dir).expanduser()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}; give the data set's folder as dataset_dir")
    compare, lists_there = True, None if replace_split else split_dir
    lists_there = lists_there if run_split is None else run_split
    begun = None if lists_there is None else Path(lists_there)
    usual = (train_list, val_list, test_list) == (TRAIN_LIST, VAL_LIST, TEST_LIST)
    if run_split is not None and usual and split is None and datalist is None:
        train_list, val_list, test_list = lists_of_run(Path(run_split))
        compare = False  # the run has said what its lists divide
    elif recipe is not None and usual and split is None and datalist is None and (folder / TRAIN_LIST).is_file():
        logger.warning(
            "%s has lists of its own, which are not used: split 1 of the recipe %s is; name them by --train_list and "
            "--val_list with their full paths, or name a published split",
            folder,
            recipe,
        )
    if datalist is not None:
        sections, names = json_datalist(
            folder / datalist,
            folder,
            fold=fold,
            val_fraction=val_fraction,
            seed=seed,
            compare=compare,
            begun=begun,
        )
        if recipe is not None:
            sections = {section: with_label_values(items, recipe) for section, items in sections.items()}
    elif recipe is not None:
        sections, names = recipe_datalist(
            folder,
            recipe,
            split="1" if split is None else str(split),
            include_normal=include_normal,
            with_masks=masks_dir is not None,
            train_list=train_list,
            val_list=val_list,
            test_list=test_list,
            val_fraction=val_fraction,
            compare=compare,
        )
    else:
        sections, names = folder_datalist(
            folder,
            images_dir=images_dir,
            masks_dir=masks_dir,
            mask_suffix=mask_suffix,
            train_list=train_list,
            val_list=val_list,
            test_list=test_list,
            val_fraction=val_fraction,
            seed=seed,
            compare=compare,
            begun=begun,
        )
    counts = ", ".join(f"{len(names.get(section, []))} {section}" for section in ("training", "validation", "test"))
    logger.info("%s: %s images", folder, counts)
    if run_split is not None:
        refuse_trained_on(names, Path(run_split))
    expanded = {
        section: _with_slices(items, skip_empty=skip_empty_slices and section == "training")
        for section, items in sections.items()
    }
    if not expanded["training"]:
        raise ValueError(f"no slice of the training volumes of {folder} holds a label; set skip_empty_slices to False")
    if split_dir is not None:
        write_split(Path(split_dir), names, replace=replace_split)
    return expanded


def load_images(folder: str | Path) -> list[dict[str, Any]]:
    """Every picture, and every slice of every volume, in a folder and the folders in it, as {"image": path}.

    They are what `find_sources` finds: DICOM series too, and frames of DICOM files.

    Raises:
        ValueError: when there is no such folder, no image in it, or one that cannot be read.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}; correct its name")
    items = [{"image": str(path)} for path in sources_below(folder)]
    if not items:
        raise ValueError(
            f"there are no images (PNG, JPEG, BMP, TIFF, NIfTI, NumPy, HDF5, DICOM) in {folder}; put some there"
        )
    check_headers(items)
    return _with_slices(items)


def _with_slices(items: list[dict[str, Any]], *, skip_empty: bool = False) -> list[dict[str, Any]]:
    return [
        single
        for item in items
        for single in (slice_items(item, skip_empty=skip_empty) if is_volume(item["image"]) else [item])
    ]
