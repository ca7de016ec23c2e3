"""Splits that keep together what belongs together, and what other splits divide of it."""

import logging
from collections.abc import Sequence
from pathlib import Path

from srs_monai.data.recipes import Case, Sections
from srs_monai.data.split_lists import holds_split
from srs_monai.data.splits.near_duplicates import groups_of_pairs, near_duplicates
from srs_monai.data.splits.random_split import grouped_split, seeded_split
from srs_monai.data.splits.split_leaks import straddling
from srs_monai.text import few

logger = logging.getLogger(__name__)


def drawn_split(
    whose: str,
    pool: Sequence[Case],
    test: Sequence[Case] = (),
    *,
    val_fraction: float,
    seed: int,
    begun: Path | None = None,
) -> Sections:
    """Draw training and validation cases from a pool; near-duplicates, and images of one patient, stay on one side.

    What shares a patient or a near-duplicate with the cases held out for testing is left out, where at least half of
    the pool is left without it. Where nothing belongs together, this is `seeded_split`.

    Args:
        whose: split this is, for the log.
        pool: cases to draw from.
        test: cases held out for testing.
        val_fraction: share of the validation cases, between 0 and 1.
        seed: of the draw.
        begun: the lists of a run that goes on or is measured. Where they are what an earlier version drew, by the names
            alone, they are taken, and what they divide is reported.

    Raises:
        ValueError: when images cannot be read, or too few can be told apart.
    """
    pairs = image_pairs([*pool, *test])
    sections = None if begun is None else _drawn_by_names(begun, pool, val_fraction, seed)
    if sections is None:
        sections = draw(whose, _without_ties(whose, pool, test, pairs), pairs, val_fraction, seed)
    else:
        logger.info("%s stays as it is in %s", whose, begun)
    sections |= {"test": [case.name for case in test]}
    report_divided(whose, sections, [*pool, *test], pairs)
    return sections


def draw(
    whose: str, cases: Sequence[Case], pairs: Sequence[tuple[str, str]], val_fraction: float, seed: int
) -> Sections:
    """Draw training and validation cases; what hangs together by pairs among them, or by patients, is not divided.

    Raises:
        ValueError: when either side would have no case.
    """
    names = [case.name for case in cases]
    among = set(names)
    inside = [pair for pair in pairs if among.issuperset(pair)]
    joined = groups_of_pairs(names, [*inside, *_same_patient(cases)])
    if not joined:
        logger.info("%s: no near-duplicates among %d images", whose, len(names))
        training, validation = seeded_split(names, val_fraction, seed)
        return {"training": training, "validation": validation}
    logger.info(
        "%s: %d groups of near-duplicates or of one patient, %d of %d images, stay on one side (%s)",
        whose,
        len(joined),
        sum(map(len, joined)),
        len(names),
        few((" and ".join(group) if len(group) < 4 else few(group, 2) for group in joined), 3),
    )
    alone = among.difference(*joined)
    training, validation = grouped_split([*joined, *([name] for name in alone)], val_fraction, seed)
    return {"training": training, "validation": validation}


def report_divided(
    whose: str, sections: Sections, cases: Sequence[Case], pairs: Sequence[tuple[str, str]] | None = None
) -> None:
    """Warn of near-duplicates and patients in two sections, with their number and the first names.

    Args:
        whose: split this is, for the log.
        sections: names of the cases of each section.
        cases: at least those of the sections.
        pairs: names of near-duplicates; None compares the images of the sections.

    Raises:
        ValueError: when an image that is compared cannot be read.
    """
    if pairs is None:
        named = {name for names in sections.values() for name in names}
        pairs = image_pairs([case for case in cases if case.name in named])
    if divided := straddling(sections, cases, pairs):
        logger.warning("%s has %s", whose, divided)


def image_pairs(cases: Sequence[Case]) -> list[tuple[str, str]]:
    """Names of the pairs of cases whose images are near-duplicates, or one file."""
    named: dict[str, list[str]] = {}
    for case in cases:
        if case.image:
            named.setdefault(case.image, []).append(case.name)
    one_file = [(first, other) for first, *others in named.values() for other in others]
    return [*one_file, *((named[a][0], named[b][0]) for a, b, _ in near_duplicates(list(named)))]


def _drawn_by_names(begun: Path, pool: Sequence[Case], val_fraction: float, seed: int) -> Sections | None:
    """The split that a run's lists hold, where it is the one that the names alone give."""
    try:
        training, validation = seeded_split([case.name for case in pool], val_fraction, seed)
    except ValueError:  # so few that only groups can be drawn
        return None
    sections = {"training": training, "validation": validation}
    return sections if holds_split(begun, sections) else None


def _without_ties(
    whose: str, pool: Sequence[Case], test: Sequence[Case], pairs: Sequence[tuple[str, str]]
) -> list[Case]:
    """The cases that share neither a patient nor a near-duplicate with those held out; all, where few would be left."""
    held_out = {case.name for case in test}
    names = [case.name for case in (*pool, *test)]
    groups = groups_of_pairs(names, [*pairs, *_same_patient([*pool, *test])])
    tied = {name for group in groups if held_out.intersection(group) for name in group} - held_out
    left = [case for case in pool if case.name not in tied]
    if not tied or len(left) < len(pool) / 2:
        return list(pool)
    logger.warning(
        "%s: left out, for they share a patient or a near-duplicate with images held out for testing: %d (%s)",
        whose,
        len(tied),
        few(sorted(tied)),
    )
    return left


def _same_patient(cases: Sequence[Case]) -> list[tuple[str, str]]:
    """Names of the pairs that join each case to the first of its patient."""
    first: dict[str, str] = {}
    return [(first.setdefault(case.patient, case.name), case.name) for case in cases if case.patient is not None]
