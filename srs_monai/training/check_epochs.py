"""A stage's number of epochs, checked before any work is done for it."""

import math
from typing import Any


def check_epochs(epochs: Any, *, name: str = "epochs", val_interval: Any = 1, skip: bool = False) -> None:
    """Refuse a stage without epochs, and one that would end before its first validation.

    Args:
        epochs: the `max_epochs` of the stage's trainer.
        name: of the value that gives them in the configuration.
        val_interval: epochs from one validation to the next.
        skip: the stage is not trained: nothing is checked.

    Raises:
        ValueError: when one of the numbers is no whole number above 0, or val_interval is larger than epochs.
    """
    if skip:
        return
    if not _is_count(epochs):
        raise ValueError(
            f"a stage is trained for a whole number of epochs above 0, got {name} {epochs!r}; give --{name}, or "
            "max_epochs of its trainer, which takes its place"
        )
    if not _is_count(val_interval):
        raise ValueError(f"val_interval is a whole number of epochs above 0; got {val_interval!r}")
    if epochs < val_interval:
        raise ValueError(
            f"a stage keeps the weights that validate best, but {name} {epochs} ends before the first validation, "
            f"val_interval {val_interval}; give more epochs, or a smaller val_interval"
        )


def _is_count(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return number and value > 0 and value == int(value)
