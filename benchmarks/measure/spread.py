"""Medians and quartiles of what was measured several times."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Spread(NamedTuple):
    """Median of a sample, and its lower and upper quartile; these lie between measured values where n asks for it."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, sample: Sequence[float]) -> "Spread":
        """Of at least one number.

        Raises:
            ValueError: for an empty sample.
        """
        if not len(sample):
            raise ValueError("a median is taken of at least one number, got none; measure at least once")
        lower, median, upper = np.quantile(np.asarray(sample, dtype=float), (0.25, 0.5, 0.75))
        return cls(float(median), float(lower), float(upper))

    def columns(self, name: str) -> dict[str, float]:
        """As columns of a row: NAME, NAME_lower and NAME_upper."""
        return {name: self.median, f"{name}_lower": self.lower, f"{name}_upper": self.upper}


def spread_names(name: str) -> tuple[str, str, str]:
    """The columns that `Spread.columns` fills."""
    return name, f"{name}_lower", f"{name}_upper"


def times_as_fast(baseline: Sequence[float], contender: Sequence[float]) -> Spread:
    """How many times as fast a contender is: the spread of the ratios of one round each, 2.0 for half the time.

    What disturbs the machine for a while disturbs both of a round and leaves their ratio.

    Args:
        baseline, contender: seconds, of the same rounds in the same order.

    Raises:
        ValueError: when they are not of the same rounds.
    """
    if len(baseline) != len(contender):
        raise ValueError(
            f"a ratio takes both from one round, got {len(baseline)} and {len(contender)} rounds; leave out the rest"
        )
    return Spread.of([b / c for b, c in zip(baseline, contender, strict=True)])
