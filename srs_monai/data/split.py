"""Which images are trained on and which are held out: lists of names, read or drawn by a seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from srs_monai.data.messages import few
from srs_monai.files import write_atomically

TRAIN_LIST, VAL_LIST, TEST_LIST = "train.txt", "val.txt", "test.txt"
SECTION_LISTS = {"training": TRAIN_LIST, "validation": VAL_LIST, "test": TEST_LIST}


def read_names(path: Path) -> list[str]:
    """The names in a list, one a line; blank lines, CR LF and a byte order mark are no matter.

    Raises:
        ValueError: when the list is not text, names nothing, or names something twice.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"a list of names is UTF-8 text, but {path} is not: {error}; save it again") from error
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise ValueError(f"a list names at least one image, but {path} names none; fill it or take it away")
    refuse_doubles(names, str(path))
    return names


def refuse_doubles(names: Sequence[str], source: str) -> None:
    """Raise ValueError when a name occurs twice."""
    doubles = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if doubles:
        raise ValueError(f"an image is named once, but {source} repeats {few(doubles)}; take the repetitions out")


def refuse_leaks(sections: Mapping[str, Sequence[str]]) -> None:
    """Raise ValueError when two sections share a name: what is trained on must not be measured."""
    titles = list(sections)
    for i, first in enumerate(titles):
        for second in titles[i + 1 :]:
            shared = sorted(set(sections[first]) & set(sections[second]))
            if shared:
                raise ValueError(
                    f"an image belongs to one section, but {first} and {second} share {few(shared)}; "
                    f"take them out of one"
                )


def seeded_split(names: Sequence[str], val_fraction: float, seed: int) -> tuple[list[str], list[str]]:
    """Draw training and validation names; the same names, fraction and seed give the same split.

    Args:
        names: in any order; the sorted names are split.
        val_fraction: share of the validation names, between 0 and 1.
        seed: of the draw, at least 0.

    Raises:
        ValueError: when the fraction leaves either side without a name.
    """
    if not 0 < val_fraction < 1:
        raise ValueError(f"val_fraction lies between 0 and 1; got {val_fraction}")
    order = np.random.default_rng(seed).permutation(sorted(names)).tolist()
    n_validation = round(val_fraction * len(order))
    training, validation = sorted(order[n_validation:]), sorted(order[:n_validation])
    if not training or not validation:
        raise ValueError(
            f"training and validation need an image each, but val_fraction {val_fraction} of {len(names)} images gives "
            f"{len(training)} and {len(validation)}; add images, change val_fraction or write both lists by hand"
        )
    return training, validation


def grouped_split(groups: Sequence[Sequence[str]], val_fraction: float, seed: int) -> tuple[list[str], list[str]]:
    """Draw training and validation names so that a group is never divided: a patient's images, or copies of one image.

    The groups are drawn in a random order into the validation set as long as they fit into its share, so that its size
    misses the share by less than the smallest group left. The same groups, fraction and seed give the same split.

    Args:
        groups: of names, in any order; a name that stands alone is a group too.
        val_fraction: share of the validation names, between 0 and 1.
        seed: of the draw, at least 0.

    Raises:
        ValueError: when either side would have no name.
    """
    if not 0 < val_fraction < 1:
        raise ValueError(f"val_fraction lies between 0 and 1; got {val_fraction}")
    ordered = sorted(sorted(group) for group in groups)
    drawn = [ordered[i] for i in np.random.default_rng(seed).permutation(len(ordered))]
    wanted = val_fraction * sum(map(len, ordered))
    validation: list[str] = []
    for group in drawn:
        if len(validation) + len(group) <= round(wanted):
            validation += group
    if not validation and drawn:
        validation = min(drawn, key=lambda group: len(group))  # no group fits: the smallest comes nearest
    held_out = set(validation)
    training = sorted(name for group in ordered for name in group if name not in held_out)
    if not training or not validation:
        raise ValueError(
            f"training and validation need a group of images each, but there are {len(ordered)} groups, the "
            f"largest of {max(map(len, ordered), default=0)} images; near-duplicates and a patient's images are one "
            f"group; add images or write both lists by hand"
        )
    return training, sorted(validation)


def holds_split(folder: Path, sections: Mapping[str, Sequence[str]]) -> bool:
    """Whether `write_split` left just these names, of these sections, in a folder."""
    paths = {folder / SECTION_LISTS[section]: list(names) for section, names in sections.items()}
    return all(path.is_file() and read_names(path) == names for path, names in paths.items())


def write_split(folder: Path, sections: Mapping[str, Sequence[str]], *, replace: bool = False) -> None:
    """Write the names of every section that has some to train.txt, val.txt and test.txt, to look up and to use again.

    Raises:
        ValueError: when the folder holds another split that is not to be replaced: a run that goes on must not change
            what it is measured on.
    """
    lists = {folder / SECTION_LISTS[section]: list(names) for section, names in sections.items() if names}
    for path, names in lists.items():
        if path.is_file() and not replace and read_names(path) != names:
            raise ValueError(
                f"{path} holds another split than these lists, images, seed and val_fraction give; go back to what it "
                f"was made with, or take another output folder"
            )
    for path, names in lists.items():
        if replace or not path.is_file():
            write_atomically(path, ("\n".join(names) + "\n").encode())
    if replace:
        for title in SECTION_LISTS.values():
            if folder / title not in lists:
                (folder / title).unlink(missing_ok=True)


def lists_of_run(folder: Path) -> tuple[str, str, str]:
    """The lists that `write_split` left in a folder; where nothing was held out for testing, the usual name."""
    folder = folder.absolute()  # a list's name is else taken for one in the data set's folder
    test = folder / TEST_LIST
    return str(folder / TRAIN_LIST), str(folder / VAL_LIST), str(test) if test.is_file() else TEST_LIST


def refuse_trained_on(sections: Mapping[str, Sequence[str]], folder: Path) -> None:
    """Raise ValueError when a run trained on what is held out, by the lists that it left in a folder."""
    trained = set(read_names(folder / TRAIN_LIST))
    held_out = [name for section in ("validation", "test") for name in sections.get(section, ())]
    met = [name for name in held_out if name in trained]
    if met:
        raise ValueError(
            f"what is measured on is held out from training, but of {len(held_out)} such images {len(met)} stand in "
            f"{folder / TRAIN_LIST}, by which the weights were trained: {few(met)}; leave split and lists out, and "
            f"those of that run are taken"
        )
