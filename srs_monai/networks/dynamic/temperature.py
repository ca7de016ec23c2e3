"""The temperature that flattens the weights of a mixture."""

import math


def checked_temperature(value: float) -> float:
    """A temperature, by which logits are divided.

    Raises:
        ValueError: when it is not a number above 0.
    """
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"a temperature divides logits and is a number above 0, got {value}; give one, such as 30")
    return float(value)
