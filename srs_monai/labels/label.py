"""A label: a class of a label map, with its code and colour."""

from dataclasses import dataclass

from srs_monai.labels.coded_concept import Code, check_text

MEAN = "mean"  # row of evaluation tables: the mean over the labels of a case
_RESERVED = ("background", MEAN, "true", "false")  # configurations read the last two as truth values

ANATOMY = Code("91723000", "Anatomical Structure")
ABNORMALITY = Code("49755003", "Morphologically Abnormal Structure")
TISSUE = Code("85756007", "Tissue")
OBJECT = Code("260787004", "Physical object")


@dataclass(frozen=True)
class Label:
    """A class of a label map. Its number is its position among the labels of its data set, counted from 1.

    Args:
        name: name in reports and viewers, "left kidney"; at most 64 characters.
        code: the coded concept.
        category: the coded concept of its category.
        values: values in published label files; empty: any foreground.
        colour: red, green and blue from 0 to 255; None: the colour follows from the number.

    Raises:
        ValueError: for a name that DICOM or a table cannot show, and for an invalid colour.
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
                f"the name of a label must not be a number or one of {', '.join(_RESERVED)}, which have another "
                f"meaning; got {self.name!r}; choose another name"
            )
        if self.colour is not None and not (len(self.colour) == 3 and all(map(_is_byte, self.colour))):
            raise ValueError(
                f"the colour of a label must be red, green and blue, whole numbers from 0 to 255, such as "
                f"[220, 20, 60]; got {list(self.colour)}; correct it"
            )


def default_labels(out_channels: int) -> tuple[Label, ...]:
    """The labels of a network without other names: "foreground", or several "label 1", "label 2" ...

    Args:
        out_channels: channels of the network: 1 is one label, N are the background and N - 1 labels.
    """
    count = max(1, out_channels - 1)
    names = ["foreground"] if count == 1 else [numbered_name(number) for number in range(1, count + 1)]
    return tuple(Label(name, TISSUE, TISSUE) for name in names)


def numbered_name(number: int) -> str:
    """The name of one of several labels without names."""
    return f"label {number}"


def _is_byte(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255
