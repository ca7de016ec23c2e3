"""Random splits that keep near-duplicates and the images of a patient together."""

import logging
from collections.abc import Sequence
from pathlib import Path

from srs_monai.data.recipes import Case, Sections
from srs_monai.data.split_lists import holds_split
from srs_monai.data.splits.near_duplicates import groups_of_pairs
from srs_monai.data.splits.random_split import grouped_split, seeded_split
from srs_monai.data.splits.split_leaks import image_pairs, report_leaks
from srs_monai.text import few

logger = logging.getLogger(__name__)


def leak_free_split(
    whose: str,
    pool: Sequence[Case],
    test: Sequence[Case] = (),
    *,
    val_fraction: float,
    seed: int,
    earlier: Path | None = None,
) -> Sections:
    """Draw training and validation cases from a pool; near-duplicates, and images of one patient, stay on one side.

    Cases that share a patient or a near-duplicate with the test cases are skipped if at least half of the pool remains.
    If no cases belong together, this is `seeded_split`.

    Args:
        whose: name of the split, for the log.
        pool: cases to draw from.
        test: cases held out for testing.
        val_fraction: share of the validation cases, between 0 and 1.
        seed: seed of the draw.
        earlier: folder with the lists of a run that is resumed or measured. If an earlier version drew them from the
            names alone, they are used again, and their leaks are reported.

    Raises:
        ValueError: when images cannot be read, or when there are too few cases or groups.
    """
    pairs = image_pairs([*pool, *test])
    sections = None if earlier is None else _drawn_by_names(earlier, pool, val_fraction, seed)
    if sections is None:
        sections = draw_groups(whose, _unrelated(whose, pool, test, pairs), pairs, val_fraction, seed)
    else:
        logger.info("%s is taken from the lists in %s", whose, earlier)
    sections |= {"test": [case.name for case in test]}
    report_leaks(whose, sections, [*pool, *test], pairs)
    return sections


def draw_groups(
    whose: str, cases: Sequence[Case], pairs: Sequence[tuple[str, str]], val_fraction: float, seed: int
) -> Sections:
    """Draw training and validation cases; cases that are linked by pairs or by a patient stay together.

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


def _drawn_by_names(earlier: Path, pool: Sequence[Case], val_fraction: float, seed: int) -> Sections | None:
    """The split in a run's lists, if it was drawn from the names alone."""
    try:
        training, validation = seeded_split([case.name for case in pool], val_fraction, seed)
    except ValueError:  # too few names; groups can still be drawn
        return None
    sections = {"training": training, "validation": validation}
    return sections if holds_split(earlier, sections) else None


def _unrelated(whose: str, pool: Sequence[Case], test: Sequence[Case], pairs: Sequence[tuple[str, str]]) -> list[Case]:
    """The cases without a patient or near-duplicate among the test cases; all cases if too few would remain."""
    held_out = {case.name for case in test}
    names = [case.name for case in (*pool, *test)]
    groups = groups_of_pairs(names, [*pairs, *_same_patient([*pool, *test])])
    related = {name for group in groups if held_out.intersection(group) for name in group} - held_out
    left = [case for case in pool if case.name not in related]
    if not related or len(left) < len(pool) / 2:
        return list(pool)
    logger.warning(
        "%s: images skipped because they share a patient or a near-duplicate with test images: %d (%s)",
        whose,
        len(related),
        few(sorted(related)),
    )
    return left


def _same_patient(cases: Sequence[Case]) -> list[tuple[str, str]]:
    """Pairs of names that link each case to the first case of its patient."""
    first: dict[str, str] = {}
    return [(first.setdefault(case.patient, case.name), case.name) for case in cases if case.patient is not None]
