"""Several settings measured in turns, and the spread of what they took."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from measure.worker import WorkerError

PAUSE = 0.05  # seconds between two turns: threads of the one before spin for a moment before they sleep


class Timed(Protocol):
    """Something that can be timed; mostly a `Worker`."""

    def seconds(self, request: Any, *, warm_up: int = 0) -> float: ...

    def rest(self) -> None: ...


@dataclass
class Turns:
    """The result of one setting: its seconds, round by round, or the reason why there are none."""

    seconds: list[float] = field(default_factory=list)
    failure: str = ""


def take_turns(
    settings: Sequence[Timed],
    request: Any,
    rounds: int,
    *,
    warm_up: int = 1,
    rewarm: Sequence[int] = (),
    rest: bool = False,
    pause: float = PAUSE,
) -> list[Turns]:
    """Measure every setting once a round, forwards and backwards in turn, so that drift favours none of them.

    Args:
        settings: the baseline first.
        request: the work, the same for all.
        rounds: how often each is measured.
        warm_up: untimed calls before the first round.
        rewarm: untimed calls before each timed one, a number for each setting; none: 0.
        rest: have each setting give back its memory after its turn; for settings that do not fit together.
        pause: seconds between two turns.

    Returns:
        The result of each setting, in their order. A setting that fails has no seconds and does not stop the others.
    """
    found = [Turns() for _ in settings]
    again = list(rewarm) or [0] * len(settings)
    orders = [list(range(len(settings)))] * (warm_up > 0) + [_order(len(settings), number) for number in range(rounds)]
    for number, order in enumerate(orders):
        untimed = warm_up > 0 and number == 0
        for index in order:
            if found[index].failure:
                continue
            try:
                taken = settings[index].seconds(request, warm_up=warm_up - 1 if untimed else again[index])
                if rest:
                    settings[index].rest()
            except WorkerError as error:
                found[index] = Turns(failure=str(error))
                continue
            if not untimed:
                found[index].seconds.append(taken)
            time.sleep(pause)
    return found


def _order(count: int, number: int) -> list[int]:
    """Forwards in even rounds, backwards in odd ones."""
    return list(range(count)) if number % 2 == 0 else list(reversed(range(count)))


class Spread(NamedTuple):
    """Median of a sample and its lower and upper quartile, interpolated between measured values."""

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

    A disturbance of the machine slows both measurements of a round, so that their ratio stays.

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
