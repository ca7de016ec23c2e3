"""The report on a data set, in numbers and sentences."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from srs_monai.data.audit.examine_case import Findings
from srs_monai.data.recipes import Recipe, Sections
from srs_monai.text import by, few, text_table

_FEW_VALUES = 16  # more label values are given as a range


@dataclass
class DatasetReport:
    """The findings in a folder.

    Args:
        title: title of the data set.
        counts: counts of each section, {"all": {"images": 647, "breast lesion": 647}}; for a label, the images with it.
        facts: layout, sizes and values.
        faults: why training would reject the data set.
        remarks: other findings.
        near_duplicates: pairs of images of different patients with their correlation, the most alike first.
    """

    title: str
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    facts: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    near_duplicates: list[tuple[str, str, float]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The lines of the report."""
        lines = [self.title, *_table(self.counts), *self.facts]
        if self.near_duplicates:
            lines.append("near-duplicates, with their correlation:")
            lines += [f"  {value:.3f}  {first} and {second}" for first, second, value in self.near_duplicates]
        for what, sentences in (("remarks", self.remarks), ("faults that prevent training", self.faults)):
            lines.append(f"{what}: {len(sentences) or 'none'}")
            lines += [f"  {sentence}" for sentence in sentences]
        return lines


def describe(findings: Sequence[Findings]) -> list[str]:
    """Facts about patients and about sizes and values of the readable images and masks."""
    images = [each for each in findings if each.size]
    masks = [each for each in findings if each.stored]
    patients = {each.case.patient for each in findings if each.case.patient is not None}
    lines = [f"patients: {len(patients)}"] if patients else []
    if images:
        sizes = Counter(each.size for each in images)
        common = [f"{by(size)} ({count})" for size, count in sizes.most_common(3)]
        others = f" and {len(sizes) - 3} others, {by(min(sizes))} to {by(max(sizes))}" if len(sizes) > 3 else ""
        channels = Counter(each.channels for each in images)
        lines += [
            f"sizes, rows x columns{' x slices' * any(len(size) == 3 for size in sizes)}: {', '.join(common)}{others}",
            f"channels: {', '.join(f'{number} ({count})' for number, count in sorted(channels.items()))}",
            f"image values: {min(e.values[0] for e in images):g} to {max(e.values[1] for e in images):g}",
        ]
    if masks:
        values = sorted(frozenset().union(*(each.stored for each in masks)))
        listed = ", ".join(f"{value:g}" for value in values)
        between = f"{values[0]:g} to {values[-1]:g}, {len(values)} different"
        lines.append(f"label values: {listed if len(values) <= _FEW_VALUES else between}")
    return lines


def count(known: Recipe, findings: Sequence[Findings], splits: Mapping[str, Sections]) -> dict[str, dict[str, int]]:
    """Count images, slices, labels, normal images and empty masks of all cases and of each section of each split."""
    by_name = {each.case.name: each for each in findings}
    groups = {"all": list(findings)} | {
        f"{title}, {section}": [by_name[name] for name in names if name in by_name]
        for title, sections in splits.items()
        for section, names in sections.items()
        if names
    }
    slices = any(len(each.size) == 3 for each in findings)
    counts = {}
    for title, group in groups.items():
        row = {"images": len(group)}
        if slices:
            row["slices"] = sum(each.size[2] if len(each.size) == 3 else 1 for each in group if each.size)
        for number, label in enumerate(known.labels, 1):
            row[label.name] = sum(number in each.classes for each in group)
        row["empty"] = sum(each.empty for each in group)
        row["normal"] = sum(each.case.normal for each in group)
        counts[title] = row
    return counts


def remark_on_masks(findings: Sequence[Findings]) -> list[str]:
    """A remark that names the cases with empty masks that are not normal."""
    empty = [each.case.name for each in findings if each.empty and not each.case.normal]
    return [f"empty masks: {len(empty)}: {few(empty)}"] if empty else []


def _table(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """A table of counts, without columns that are 0 everywhere."""
    if not counts:
        return []
    columns = [name for name in counts["all"] if name == "images" or any(row[name] for row in counts.values())]
    rows = [["", *columns], *([title, *(str(row[name]) for name in columns)] for title, row in counts.items())]
    return text_table(rows, right=range(1, len(rows[0])))
