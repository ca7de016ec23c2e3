"""Splits drawn by a seed, of names or of groups."""

from collections.abc import Sequence

import numpy as np


def seeded_split(names: Sequence[str], val_fraction: float, seed: int) -> tuple[list[str], list[str]]:
    """Draw training and validation names; the same names, fraction and seed give the same split.

    Args:
        names: names in any order; the sorted names are split.
        val_fraction: share of the validation names, between 0 and 1.
        seed: seed of the draw, at least 0.

    Raises:
        ValueError: when either side would have no name.
    """
    _check_fraction(val_fraction)
    order = np.random.default_rng(seed).permutation(sorted(names)).tolist()
    n_validation = round(val_fraction * len(order))
    training, validation = sorted(order[n_validation:]), sorted(order[:n_validation])
    if not training or not validation:
        raise ValueError(
            f"training and validation need at least one image each, but val_fraction {val_fraction} of {len(names)} "
            f"images gives {len(training)} and {len(validation)}; add images, change val_fraction or write both lists "
            f"by hand"
        )
    return training, validation


def grouped_split(groups: Sequence[Sequence[str]], val_fraction: float, seed: int) -> tuple[list[str], list[str]]:
    """Draw training and validation names and keep each group whole: a patient's images, or copies of one image.

    In a random order, each group that fits into the remaining share goes to the validation set. Its size is then below
    the share by less than the smallest group left. The same groups, fraction and seed give the same split.

    Args:
        groups: groups of names, in any order; a single name is a group too.
        val_fraction: share of the validation names, between 0 and 1.
        seed: seed of the draw, at least 0.

    Raises:
        ValueError: when either side would have no name.
    """
    _check_fraction(val_fraction)
    ordered = sorted(sorted(group) for group in groups)
    drawn = [ordered[i] for i in np.random.default_rng(seed).permutation(len(ordered))]
    wanted = val_fraction * sum(map(len, ordered))
    validation: list[str] = []
    for group in drawn:
        if len(validation) + len(group) <= round(wanted):
            validation += group
    if not validation and drawn:
        validation = min(drawn, key=lambda group: len(group))  # no group fits: the smallest is nearest to the share
    held_out = set(validation)
    training = sorted(name for group in ordered for name in group if name not in held_out)
    if not training or not validation:
        raise ValueError(
            f"training and validation need at least one group of images each, but the number of groups is "
            f"{len(ordered)} and the largest has {max(map(len, ordered), default=0)} images; near-duplicates and a "
            f"patient's images are one group; add images or write both lists by hand"
        )
    return training, sorted(validation)


def _check_fraction(val_fraction: float) -> None:
    if not 0 < val_fraction < 1:
        raise ValueError(f"val_fraction must lie between 0 and 1; got {val_fraction}")
