"""What DICOM results have in common beside the mask: labels in codes, and where they stand in a study."""

from collections.abc import Sequence
from pathlib import Path

from pydicom.sr.coding import Code as DicomCode

from srs_monai.inference.results.packed_labels import Labels
from srs_monai.labels import Code, Label
from srs_monai.text import few

SERIES_NUMBER = 1000  # added to that of the source


def check_labels(values: Labels, labels: Sequence[Label], source: str | Path) -> None:
    """Refuse masks with values that no label is named for.

    Raises:
        ValueError: naming the source.
    """
    highest = int(values.max(initial=0))
    if highest > len(labels) or not labels:
        raise ValueError(
            f"each value of a mask is the number of a label, but that of {source} holds {highest} and there are "
            f"{len(labels)} labels ({few(label.name for label in labels)}); name them by "
            f"label_names, or name the recipe of the training"
        )


def label_code(concept: Code) -> DicomCode:
    """A concept as DICOM writes it."""
    return DicomCode(concept.value, concept.scheme, concept.meaning)
