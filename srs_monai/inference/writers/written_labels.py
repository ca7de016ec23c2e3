"""Labels as results show them: their colours in every format, and their codes in DICOM."""

from collections.abc import Sequence
from pathlib import Path

from pydicom.sr.coding import Code as DicomCode

from srs_monai.inference.results.packed_labels import Labels
from srs_monai.labels import Code, Label
from srs_monai.text import few

SERIES_NUMBER = 1000  # of a DICOM result: this much above that of its source

# for labels 1, 2, ..., then again from the start: Okabe and Ito's, suited to colour-blind readers, and a wine red
_COLOURS = [(230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167)]
_COLOURS += [(136, 34, 85)]


class Colours:
    """The colours of labels: the label's own colour if it has one, else one that depends on its number.

    Args:
        labels: meaning of the numbers 1, 2, ...
    """

    def __init__(self, labels: Sequence[Label] = ()) -> None:
        self._own = {number: label.colour for number, label in enumerate(labels, 1) if label.colour is not None}
        self._others = [colour for colour in _COLOURS if colour not in self._own.values()] or _COLOURS

    def of(self, number: int) -> tuple[int, int, int]:
        """The colour of a label by its number, from 1, as RGB in 0..255."""
        return self._own.get(number) or self._others[(number - 1) % len(self._others)]


def check_labels(values: Labels, labels: Sequence[Label], source: str | Path) -> None:
    """Reject a mask with values that have no label.

    Raises:
        ValueError: with the highest value, the labels and the source.
    """
    highest = int(values.max(initial=0))
    if highest > len(labels) or not labels:
        raise ValueError(
            f"each value of a mask needs a label, but the mask of {source} has values up to {highest} and there are "
            f"{len(labels)} labels ({few(label.name for label in labels)}); give label_names, or the recipe of the "
            "training"
        )


def label_code(concept: Code) -> DicomCode:
    """A concept as a DICOM code."""
    return DicomCode(concept.value, concept.scheme, concept.meaning)
