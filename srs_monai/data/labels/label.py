"""What a class of a label map is."""

from dataclasses import dataclass

from srs_monai.data.labels.concept import Code, check_text

MEAN = "mean"  # over the labels of a case: a row in tables of evaluation
_RESERVED = ("background", MEAN, "true", "false")  # configurations read the last two as switches

ANATOMY = Code("91723000", "Anatomical Structure")
ABNORMALITY = Code("49755003", "Morphologically Abnormal Structure")
TISSUE = Code("85756007", "Tissue")
OBJECT = Code("260787004", "Physical object")


@dataclass(frozen=True)
class Label:
    """A class of a label map. Its number is its place among the labels of its data set, counted from 1.

    Args:
        name: as reports and viewers show it, "left kidney"; at most 64 characters.
        code: what it is.
        category: the kind of thing that it is.
        values: what published label files write for it; empty where any foreground is meant.
        colour: that it is shown in, red, green and blue from 0 to 255; None: one that follows from its number.

    Raises:
        ValueError: for a name that DICOM or a table cannot show, and a colour that is none.
    """

    name: str
    code: Code
    category: Code = ANATOMY
    values: tuple[int, ...] = ()
    colour: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        check_text(self.name, "the name of a label")
        if self.name.isdigit() or self.name.casefold() in _RESERVED:
            raise ValueError(
                f"the name of a label is no number and none of {', '.join(_RESERVED)}, which mean something else; got "
                f"{self.name!r}; take another name"
            )
        if self.colour is not None and not (len(self.colour) == 3 and all(map(_is_byte, self.colour))):
            raise ValueError(
                f"the colour of a label is red, green and blue, whole numbers from 0 to 255, [220, 20, 60]; got "
                f"{list(self.colour)}; correct it"
            )


def default_labels(out_channels: int) -> tuple[Label, ...]:
    """The labels of a network of which nothing else is known: "foreground", or of several "label 1", "label 2" ...

    Args:
        out_channels: of the network: 1 is one label, N the background and N - 1 labels.
    """
    count = max(1, out_channels - 1)
    names = ["foreground"] if count == 1 else [numbered_name(number) for number in range(1, count + 1)]
    return tuple(Label(name, TISSUE, TISSUE) for name in names)


def numbered_name(number: int) -> str:
    """What a label without a name is called, where there are several."""
    return f"label {number}"


def _is_byte(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255
