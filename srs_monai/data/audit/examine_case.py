"""The check of one case, read as training reads it."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from monai.transforms import LoadImaged
from numpy.typing import NDArray

from srs_monai.data.datalists.check_headers import check_headers
from srs_monai.data.readers import MaskReader, MedicalImageReader
from srs_monai.data.recipes import Case, Layout, Recipe
from srs_monai.data.transforms import AsSeend, CheckSameSized, MaskToLabelsd
from srs_monai.errors import one_line, root_cause

_BINS = 65536  # largest label value for counting by bins


@dataclass
class Findings:
    """The findings in a case.

    Args:
        case: the case.
        size: rows and columns, and slices of a volume; empty if the image cannot be read.
        channels: channels of the image.
        values: lowest and highest value of the image.
        stored: values in its label files.
        classes: numbers of the classes in its mask.
        empty: whether its mask can be read and shows no class.
        faults: why training would reject it, each as a sentence.
    """

    case: Case
    size: tuple[int, ...] = ()
    channels: int = 0
    values: tuple[float, float] = (0.0, 0.0)
    stored: frozenset[float] = frozenset()
    classes: frozenset[int] = frozenset()
    empty: bool = False
    faults: list[str] = field(default_factory=list)


class ExamineCase:
    """Read the image and masks of a case, and continue after a fault as far as possible.

    Args:
        known: the recipe of the data set.
        layout: the layout of its files.
    """

    def __init__(self, known: Recipe, layout: Layout) -> None:
        keys = ("image", "label")
        self.label_values = known.label_values(layout)
        self.load_image = LoadImaged("image", reader=MedicalImageReader(), ensure_channel_first=True)
        self.load_label = LoadImaged("label", reader=MaskReader(), ensure_channel_first=True)
        self.as_seen = AsSeend(keys, allow_missing_keys=True)
        self.same_size = CheckSameSized(keys)
        self.to_labels = MaskToLabelsd("label", num_classes=max(2, len(known.labels) + 1))

    def __call__(self, case: Case) -> Findings:
        """The findings in a case; faults of files are findings, not errors."""
        findings = Findings(case)
        item: dict[Hashable, Any] = {}
        label = case.masks[0] if len(case.masks) == 1 else list(case.masks)
        if not case.image:
            findings.faults.append(f"{case.name} has a mask and no image: {', '.join(case.masks)}")
        elif loaded := _tried(findings, lambda: self.load_image({"image": case.image})):
            item |= loaded
        if not case.masks:
            findings.faults.append(f"{case.name} has an image and no mask: {case.image}")
        elif loaded := _tried(findings, lambda: self.load_label({"label": label})):
            item |= loaded
        item = self.as_seen(item)
        if "image" in item:
            image = item["image"].numpy()
            findings.size, findings.channels = image.shape[1:], image.shape[0]
            findings.values = float(image.min()), float(image.max())
        if "label" in item:
            findings.stored = _values(item["label"].numpy())
            given: dict[Hashable, Any] = {} if self.label_values is None else {"label_values": self.label_values}
            if labels := _tried(findings, lambda: self.to_labels({"label": item["label"], **given})):
                findings.classes = frozenset(int(value) for value in _values(labels["label"].numpy()) if value > 0)
                findings.empty = not findings.classes
        if len(item) == 2 and _tried(findings, lambda: self.same_size(item)):
            _tried(findings, lambda: check_headers([{"image": case.image, "label": label}]))  # positions of volumes
        return findings


def _tried(findings: Findings, work: Callable[[], Any]) -> Any:
    """The result of the work; None if it fails, and its error becomes a fault."""
    try:
        return work()
    except Exception as error:  # MONAI wraps the causes in errors of its own
        findings.faults.append(one_line(root_cause(error)))
        return None


def _values(labels: NDArray[np.float32]) -> frozenset[float]:
    """The different values."""
    flat = labels.ravel()
    if flat.size and np.isfinite(flat).all() and flat.min() >= 0 and flat.max() < _BINS:
        numbers = flat.astype(np.int64)
        if (numbers == flat).all():
            return frozenset(map(float, np.flatnonzero(np.bincount(numbers))))
    return frozenset(map(float, np.unique(flat)))
