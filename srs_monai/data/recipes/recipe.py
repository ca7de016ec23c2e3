"""What is known of a published data set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from srs_monai.data.labels.label import Label
from srs_monai.text import few

Sections = dict[str, list[str]]  # "training", "validation" and "test" to the names of their cases


@dataclass(frozen=True)
class Case:
    """An image of a data set and the masks that belong to it.

    Args:
        name: what lists call it.
        image: its file, or FILE/KEY for an array of a file that holds several; "" where masks are there without it.
        masks: their files in the same way; several are one mask, their union. Empty where none was found.
        patient: whose image it is, or any other name of what must stay together (a video sequence); None if not known.
        section: what its own place says that it is for, "training", "validation" or "test"; None where it says nothing.
        normal: shows nothing to be segmented.
    """

    name: str
    image: str
    masks: tuple[str, ...] = ()
    patient: str | None = None
    section: str | None = None
    normal: bool = False


@dataclass(frozen=True)
class Layout:
    """A way in which people have the files of a data set.

    Args:
        description: of the folder, in one sentence.
        fits: whether a folder looks like it; asked in the order of a recipe's layouts, the first that fits is taken.
        cases: the cases in such a folder, ordered by name. Missing masks are left for the caller to see.
        values: what its label files write for the background and for each label, where that is not what the recipe's
            labels say.
    """

    description: str
    fits: Callable[[Path], bool]
    cases: Callable[[Path], list[Case]]
    values: tuple[tuple[int, ...], ...] = ()


def no_lists(folder: Path, cases: Sequence[Case]) -> dict[str, Sections]:
    """The lists of a data set that has none."""
    return {}


@dataclass(frozen=True)
class Recipe:
    """A published data set: where its files lie, what its labels mean, how it is split, whose it is.

    Args:
        name: as configurations and the command line call it.
        title: its own name and what it shows.
        modality: "ultrasound", "dermoscopy", "infrared", "histology", "endoscopy", "CT" or "MR".
        labels: the classes beside the background, in the order of their numbers.
        unit: of the stored values, and what is known of the pixel spacing.
        layouts: in which it is read.
        merging: how the masks of an image become one.
        split: the rule, in one sentence.
        citation: what to cite.
        licence: its terms; "not stated" where its authors say nothing.
        lists: the splits that were published as lists, by name, from the folder of a layout and its cases.
        instances: masks number their objects, and all of them are foreground.
        background: what label files write beside 0 for what is no class here.
    """

    name: str
    title: str
    modality: str
    labels: tuple[Label, ...]
    unit: str
    layouts: tuple[Layout, ...]
    merging: str
    split: str
    citation: str
    licence: str
    lists: Callable[[Path, Sequence[Case]], dict[str, Sections]] = no_lists
    instances: bool = False
    background: tuple[int, ...] = ()

    def cases(self, folder: str | Path) -> list[Case]:
        """The cases in a folder, or in the one folder within it, as archives unpack.

        Raises:
            ValueError: when the folder has none of the recipe's layouts, or no images.
        """
        root, layout = self.located(folder)
        found = layout.cases(root)
        if not found:
            raise ValueError(f"{root} is laid out as {self.name}, but holds no images; unpack them there")
        return found

    def published(self, folder: str | Path, cases: Sequence[Case]) -> dict[str, Sections]:
        """The splits that can be asked for by name: the published lists, and "official" where the files' places say it.

        Raises:
            ValueError: when the folder has none of the recipe's layouts, or a list cannot be read.
        """
        by_place: Sections = {
            section: [case.name for case in cases if case.section == section]
            for section in ("training", "validation", "test")
        }
        placed = by_place["training"] and (by_place["validation"] or by_place["test"])
        official = {"official": by_place} if placed else {}
        return official | self.lists(self.located(folder)[0], cases)

    def label_values(self, layout: Layout | None = None) -> list[list[int]] | Literal["instances"] | None:
        """What the label files of a layout write for each class, the background first, as `MaskToLabels` takes it.

        "instances" where they number objects, None where any foreground is meant.
        """
        if layout is not None and layout.values:
            return [list(values) for values in layout.values]
        if any(label.values for label in self.labels):
            return [[0, *self.background], *(list(label.values) for label in self.labels)]
        return "instances" if self.instances else None

    def located(self, folder: str | Path) -> tuple[Path, Layout]:
        """Where the recipe's files lie, in the folder or in the one folder within it, and how.

        Raises:
            ValueError: when they do not.
        """
        outer = Path(folder).expanduser()
        if not outer.is_dir():
            raise ValueError(f"there is no folder {outer}; give the data set's folder")
        inner = [path for path in sorted(outer.iterdir()) if path.is_dir() and not path.name.startswith((".", "__"))]
        for root in [outer, *inner]:
            if root is outer or len(inner) == 1:
                for layout in self.layouts:
                    if layout.fits(root):
                        return root, layout
        known = "; or ".join(layout.description for layout in self.layouts)
        found = few(sorted(path.name + "/" * path.is_dir() for path in outer.iterdir())) or "nothing"
        raise ValueError(
            f"{self.name} is laid out as {known}; but {outer} holds {found}. Name the folder that holds one of these, "
            f"or take no recipe and say by images_dir and masks_dir where the files are"
        )
