"""Parts that several recipes share: folders of images and masks, and lists of names beside them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from srs_monai.data.file_names import files_by_stem
from srs_monai.data.recipes.recipe import Case, Layout, Sections
from srs_monai.data.split_lists import TEST_LIST, TRAIN_LIST, VAL_LIST, read_names


def has_folders(*names: str) -> Callable[[Path], bool]:
    """A check whether a folder has sub-folders of all these names."""
    return lambda folder: all((folder / name).is_dir() for name in names)


def paired_cases(
    images: Path, masks: Path, suffix: str = "", *, section: str | None = None, left_out: str | None = None
) -> list[Case]:
    """Cases from the images of one folder and the masks of another, which have the same names with a suffix.

    Args:
        images, masks: the folders; a missing folder counts as empty.
        suffix: suffix of the masks' stems, in lower case.
        section: section of all cases.
        left_out: suffix of files in the folder of images that are not images.

    Raises:
        ValueError: when two files of a folder share a stem.
    """
    of_images = files_by_stem(images) if images.is_dir() else {}
    if left_out:
        of_images = {stem: path for stem, path in of_images.items() if not stem.lower().endswith(left_out)}
    of_masks = files_by_stem(masks) if masks.is_dir() else {}
    of_masks = {
        stem[: len(stem) - len(suffix)]: path for stem, path in of_masks.items() if stem.lower().endswith(suffix)
    }
    return [
        Case(
            name,
            str(of_images[name]) if name in of_images else "",
            (str(of_masks[name]),) if name in of_masks else (),
            section=section,
        )
        for name in sorted({*of_images, *of_masks})
    ]


def two_folders(images: str = "images", masks: str = "masks", suffix: str = "", note: str = "") -> Layout:
    """The layout of a folder of images beside a folder of masks."""
    return Layout(
        f"{images}/NAME.* with {masks}/NAME{suffix}.*{note}",
        has_folders(images, masks),
        lambda folder: paired_cases(folder / images, folder / masks, suffix),
    )


def listed(folder: Path, training: str = TRAIN_LIST, validation: str = VAL_LIST, test: str = TEST_LIST) -> Sections:
    """The split in the lists of a folder; empty without a list of training images or without both others."""
    files = {"training": folder / training, "validation": folder / validation, "test": folder / test}
    found = {section: read_names(path) for section, path in files.items() if path.is_file()}
    return found if "training" in found and len(found) > 1 else {}


def lists_as(name: str) -> Callable[[Path, Sequence[Case]], dict[str, Sections]]:
    """A reader of train.txt, val.txt and test.txt beside the images, as the published split of this name."""

    def lists(folder: Path, cases: Sequence[Case]) -> dict[str, Sections]:
        sections = listed(folder)
        return {name: sections} if sections else {}

    return lists


def numbered_lists(folder: Path, cases: Sequence[Case]) -> dict[str, Sections]:
    """The splits "published_1", "published_2" ... of splits/train_1.txt, splits/val_1.txt ..."""
    numbers = sorted(path.stem.removeprefix("train_") for path in (folder / "splits").glob("train_*.txt"))
    found = {
        f"published_{n}": listed(folder / "splits", f"train_{n}.txt", f"val_{n}.txt", f"test_{n}.txt") for n in numbers
    }
    return {name: sections for name, sections in found.items() if sections}
