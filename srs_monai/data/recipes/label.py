"""What a class of a label map is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """A concept of SNOMED CT: its number and its name there."""

    value: str
    meaning: str


ANATOMY = Code("91723000", "Anatomical Structure")
ABNORMALITY = Code("49755003", "Morphologically Abnormal Structure")
TISSUE = Code("85756007", "Tissue")
OBJECT = Code("260787004", "Physical object")


@dataclass(frozen=True)
class Label:
    """A class of a label map. Its number is its place among the labels of its data set, counted from 1.

    Args:
        name: as reports and viewers show it, "left kidney".
        code: what it is, in SNOMED CT.
        category: the kind of thing that it is, in SNOMED CT.
        values: what published label files write for it; empty where any foreground is meant.
    """

    name: str
    code: Code
    category: Code = ANATOMY
    values: tuple[int, ...] = ()
