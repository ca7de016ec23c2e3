"""Several settings measured in turns, so that what disturbs the machine disturbs all of them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from measure.worker import WorkerError

PAUSE = 0.05  # seconds between two turns: threads of the one before spin for a moment before they sleep


class Timed(Protocol):
    """What can be asked how long it takes; a `Worker`, mostly."""

    def seconds(self, request: Any, *, warm_up: int = 0) -> float: ...

    def rest(self) -> None: ...


@dataclass
class Turns:
    """What became of one setting: its seconds, round by round, or why there are none."""

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
    """Measure every setting once a round, in order and in the next round backwards: what drifts favours nobody.

    Args:
        settings: the baseline first.
        request: the work, the same for all.
        rounds: how often each is measured.
        warm_up: untimed calls before the first round.
        rewarm: untimed calls before each timed one, a number for each setting; none: 0.
        rest: have a setting give back its memory after each turn, where all together would not fit.
        pause: seconds between two turns.

    Returns:
        What became of each, in their order. One that fails has no seconds and holds up no other.
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
