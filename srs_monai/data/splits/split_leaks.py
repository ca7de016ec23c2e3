"""Leaks of a split: near-duplicates and patients in two sections."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srs_monai.data.recipes import Case, Sections
from srs_monai.data.splits.near_duplicates import near_duplicates
from srs_monai.text import few

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SplitLeaks:
    """What a split separates although it belongs together.

    Args:
        pairs: near-duplicates in two sections, each as ((name, section), (name, section)).
        patients: patients with images in two sections.
    """

    pairs: tuple[tuple[tuple[str, str], tuple[str, str]], ...]
    patients: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.pairs or self.patients)

    def __str__(self) -> str:
        parts = []
        if self.pairs:
            shown = few((" and ".join(f"{name} ({section})" for name, section in pair) for pair in self.pairs), 3)
            parts.append(f"near-duplicates in two sections, pairs: {len(self.pairs)}: {shown}")
        if self.patients:
            parts.append(f"patients in two sections: {few(self.patients)}")
        return "; ".join(parts) or "no leaks"


def find_leaks(
    sections: Mapping[str, Sequence[str]], cases: Sequence[Case], duplicates: Sequence[tuple[str, str]]
) -> SplitLeaks:
    """The leaks of a split.

    Args:
        sections: names of the cases of each section.
        cases: the cases with their patients; those in no section are skipped.
        duplicates: pairs of names that are near-duplicates.
    """
    place = {name: section for section, names in sections.items() for name in names}
    pairs = tuple(
        ((first, place[first]), (second, place[second]))
        for first, second in duplicates
        if first in place and second in place and place[first] != place[second]
    )
    seen: dict[str, set[str]] = {}
    for case in cases:
        if case.patient is not None and case.name in place:
            seen.setdefault(case.patient, set()).add(place[case.name])
    return SplitLeaks(pairs, tuple(sorted(patient for patient, where in seen.items() if len(where) > 1)))


def report_leaks(
    whose: str, sections: Sections, cases: Sequence[Case], pairs: Sequence[tuple[str, str]] | None = None
) -> None:
    """Warn of near-duplicates and patients in two sections, with their number and the first names.

    Args:
        whose: name of the split, for the log.
        sections: names of the cases of each section.
        cases: at least the cases of the sections.
        pairs: pairs of names that are near-duplicates; None compares the images of the sections.

    Raises:
        ValueError: when an image that is compared cannot be read.
    """
    if pairs is None:
        named = {name for names in sections.values() for name in names}
        pairs = image_pairs([case for case in cases if case.name in named])
    if leaks := find_leaks(sections, cases, pairs):
        logger.warning("%s has %s", whose, leaks)


def image_pairs(cases: Sequence[Case]) -> list[tuple[str, str]]:
    """Pairs of names of cases whose images are near-duplicates or the same file."""
    named: dict[str, list[str]] = {}
    for case in cases:
        if case.image:
            named.setdefault(case.image, []).append(case.name)
    one_file = [(first, other) for first, *others in named.values() for other in others]
    return [*one_file, *((named[a][0], named[b][0]) for a, b, _ in near_duplicates(list(named)))]
