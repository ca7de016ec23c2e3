"""The lists of names that say which images are trained on and which are held out: train.txt, val.txt, test.txt."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from srs_monai.files import write_atomically
from srs_monai.text import few

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
