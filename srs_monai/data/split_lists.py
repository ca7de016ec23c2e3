"""The lists of a split: train.txt, val.txt and test.txt hold the names of its images."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from srs_monai.files import write_atomically
from srs_monai.text import few

TRAIN_LIST, VAL_LIST, TEST_LIST = "train.txt", "val.txt", "test.txt"
SECTION_LISTS = {"training": TRAIN_LIST, "validation": VAL_LIST, "test": TEST_LIST}
SECTIONS = tuple(SECTION_LISTS)


def read_names(path: Path) -> list[str]:
    """The names in a list, one a line; blank lines, CR LF and a byte order mark are accepted.

    Raises:
        ValueError: when the list is not text, is empty, or repeats a name.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"a list of names must be UTF-8 text, but {path} is not: {error}; save it again") from error
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise ValueError(f"a list must name at least one image, but {path} names none; add names or remove it")
    reject_repeated_names(names, str(path))
    return names


def reject_repeated_names(names: Sequence[str], source: str) -> None:
    """Raise ValueError when a name occurs twice."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(
            f"an image must be named once, but {source} repeats {few(sorted(repeated))}; remove the repetitions"
        )


def reject_shared_names(sections: Mapping[str, Sequence[str]]) -> None:
    """Raise ValueError when two sections share a name: training images must not be measured."""
    for (first, names), (second, others) in combinations(sections.items(), 2):
        shared = sorted(set(names) & set(others))
        if shared:
            raise ValueError(
                f"an image must be in one section, but {first} and {second} share {few(shared)}; remove them from one"
            )


def holds_split(folder: Path, sections: Mapping[str, Sequence[str]]) -> bool:
    """Whether the lists in a folder hold exactly these names for these sections."""
    paths = {folder / SECTION_LISTS[section]: list(names) for section, names in sections.items()}
    return all(path.is_file() and read_names(path) == names for path, names in paths.items())


def write_split(folder: Path, sections: Mapping[str, Sequence[str]], *, replace: bool = False) -> None:
    """Write the names of every section that has some to train.txt, val.txt and test.txt.

    Raises:
        ValueError: when the folder holds another split and `replace` is False: a resumed run must be measured on the
            same images.
    """
    lists = {folder / SECTION_LISTS[section]: list(names) for section, names in sections.items() if names}
    for path, names in lists.items():
        if path.is_file() and not replace and read_names(path) != names:
            raise ValueError(
                f"a resumed run must keep its split, but {path} holds another split than these lists, images, seed and "
                f"val_fraction give; use the earlier ones again, or choose another output folder"
            )
    for path, names in lists.items():
        if replace or not path.is_file():
            write_atomically(path, ("\n".join(names) + "\n").encode())
    if replace:
        for title in SECTION_LISTS.values():
            if folder / title not in lists:
                (folder / title).unlink(missing_ok=True)


def lists_of_run(folder: Path) -> tuple[str, str, str]:
    """The paths of the lists that `write_split` wrote to a folder; the default name if there is no list of tests."""
    folder = folder.absolute()  # a relative path would be searched in the data set's folder
    test = folder / TEST_LIST
    return str(folder / TRAIN_LIST), str(folder / VAL_LIST), str(test) if test.is_file() else TEST_LIST


def reject_trained_on(sections: Mapping[str, Sequence[str]], folder: Path) -> None:
    """Raise ValueError when a run trained on held-out images, according to its lists in a folder."""
    trained = set(read_names(folder / TRAIN_LIST))
    held_out = [name for section in ("validation", "test") for name in sections.get(section, ())]
    met = [name for name in held_out if name in trained]
    if met:
        raise ValueError(
            f"weights must be measured on images outside their training, but {len(met)} of {len(held_out)} images are "
            f"in {folder / TRAIN_LIST}, the training list of these weights: {few(met)}; give no split and no lists, "
            f"and the run's own lists are used"
        )
