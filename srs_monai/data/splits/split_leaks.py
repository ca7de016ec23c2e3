"""What stands on both sides of a split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srs_monai.data.recipes.recipe import Case
from srs_monai.text import few


@dataclass(frozen=True)
class Straddling:
    """What a split divides that belongs together.

    Args:
        pairs: near-duplicates in two sections, each as ((name, section), (name, section)).
        patients: with images in two sections.
    """

    pairs: tuple[tuple[tuple[str, str], tuple[str, str]], ...]
    patients: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.pairs or self.patients)

    def __str__(self) -> str:
        said = []
        if self.pairs:
            shown = few((" and ".join(f"{name} ({section})" for name, section in pair) for pair in self.pairs), 3)
            said.append(f"near-duplicates in two sections, pairs: {len(self.pairs)}: {shown}")
        if self.patients:
            said.append(f"patients in two sections: {few(self.patients)}")
        return "; ".join(said) or "nothing in two sections"


def straddling(
    sections: Mapping[str, Sequence[str]], cases: Sequence[Case], duplicates: Sequence[tuple[str, str]]
) -> Straddling:
    """What a split divides.

    Args:
        sections: names of the cases of each section.
        cases: with their patients; those that no section names are left out.
        duplicates: names of the pairs that are near-duplicates.
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
    return Straddling(pairs, tuple(sorted(patient for patient, where in seen.items() if len(where) > 1)))
