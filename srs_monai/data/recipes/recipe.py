"""The recipe of a published data set, its layouts and its cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from srs_monai.data.split_lists import SECTIONS
from srs_monai.labels import Label
from srs_monai.text import few

Sections = dict[str, list[str]]  # "training", "validation" and "test" to the names of their cases


@dataclass(frozen=True)
class Case:
    """An image of a data set and its masks.

    Args:
        name: its name in lists.
        image: its file, or FILE/KEY for one of several arrays in a file; "" if there are masks without an image.
        masks: the files of its masks, in the same form; the mask is their union. Empty if there is none.
        patient: its patient, or another unit that must stay together (a video sequence); None if unknown.
        section: "training", "validation" or "test", if its folder or name says so; else None.
        normal: whether it shows nothing to segment.
    """

    name: str
    image: str
    masks: tuple[str, ...] = ()
    patient: str | None = None
    section: str | None = None
    normal: bool = False


@dataclass(frozen=True)
class Layout:
    """One of the folder layouts in which a data set is distributed.

    Args:
        description: the folder in one sentence.
        fits: whether a folder has this layout; the first layout of a recipe that fits is used.
        cases: the cases in such a folder, ordered by name. The caller has to check for missing masks.
        values: values in its label files for the background and for each label, if they differ from those of the
            recipe's labels.
    """

    description: str
    fits: Callable[[Path], bool]
    cases: Callable[[Path], list[Case]]
    values: tuple[tuple[int, ...], ...] = ()


def no_lists(folder: Path, cases: Sequence[Case]) -> dict[str, Sections]:
    """The lists of a data set without published lists."""
    return {}


@dataclass(frozen=True)
class Recipe:
    """A published data set: where its files are, what its labels mean, how it is split, and its source.

    Args:
        name: its name in configurations and on the command line.
        title: its full name and content.
        modality: "ultrasound", "dermoscopy", "infrared", "histology", "endoscopy", "CT" or "MR".
        labels: the classes without the background, in the order of their numbers.
        unit: unit of the stored values, and the pixel spacing if it is known.
        layouts: the layouts that can be read.
        merging: how the masks of an image become one mask.
        split: the rule of the split, in one sentence.
        citation: the reference to cite.
        licence: its terms; "not stated" if the authors state none.
        lists: the splits published as lists, by name, from the folder of a layout and its cases.
        instances: whether masks hold object numbers, all of them foreground.
        background: further values in label files that are background here.
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
        """The cases in a folder, or in its only sub-folder, as archives unpack.

        Raises:
            ValueError: when the folder has none of the recipe's layouts, or no images.
        """
        root, layout = self.located(folder)
        found = layout.cases(root)
        if not found:
            raise ValueError(f"{root} has a layout of {self.name}, but no images; unpack them there")
        return found

    def published(self, folder: str | Path, cases: Sequence[Case]) -> dict[str, Sections]:
        """The splits with a name: the published lists, and "official" if folders or names give the sections.

        Raises:
            ValueError: when the folder has none of the recipe's layouts, or a list cannot be read.
        """
        by_place: Sections = {section: [case.name for case in cases if case.section == section] for section in SECTIONS}
        placed = by_place["training"] and (by_place["validation"] or by_place["test"])
        official = {"official": by_place} if placed else {}
        return official | self.lists(self.located(folder)[0], cases)

    def label_values(self, layout: Layout | None = None) -> list[list[int]] | Literal["instances"] | None:
        """The values in a layout's label files for each class, the background first, as `MaskToLabels` takes them.

        "instances" if they are object numbers, None if any foreground counts.
        """
        if layout is not None and layout.values:
            return [list(values) for values in layout.values]
        if any(label.values for label in self.labels):
            return [[0, *self.background], *(list(label.values) for label in self.labels)]
        return "instances" if self.instances else None

    def located(self, folder: str | Path) -> tuple[Path, Layout]:
        """The folder of the recipe's files, which is the given one or its only sub-folder, and their layout.

        Raises:
            ValueError: when neither has one of the layouts.
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
            f"the layouts of {self.name} are {known}; but {outer} holds {found}; name a folder with one of these "
            f"layouts, or give no recipe and name the folders with images_dir and masks_dir"
        )
