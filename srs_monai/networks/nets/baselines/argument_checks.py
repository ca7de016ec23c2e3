"""Checks of arguments that several baselines share."""

from collections.abc import Sequence


def require_channels(in_channels: int, out_channels: int, network: str) -> None:
    """Reject a network without input or output channels.

    Raises:
        ValueError: if one of the two is below 1.
    """
    if in_channels < 1 or out_channels < 1:
        raise ValueError(
            f"{network} needs at least 1 channel in and out, got in_channels {in_channels} and out_channels "
            f"{out_channels}; give 1 or more for both"
        )


def require_rate(rate: float, name: str) -> float:
    """The rate, checked.

    Raises:
        ValueError: if it is not at least 0 and below 1.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"{name} must be a rate of at least 0 and below 1, got {rate}; use 0.1, for example")
    return rate


def token_grid(image_size: Sequence[int], step: int, network: str) -> tuple[int, int]:
    """Rows and columns of tokens, one token for each step x step pixels of an image.

    Raises:
        ValueError: if image_size is not two multiples of the step.
    """
    sides = tuple(image_size)
    if len(sides) != 2 or any(side < step or side % step for side in sides):
        raise ValueError(
            f"image_size of {network} must be two multiples of {step}, got {list(sides)}; give such a height and "
            "width. Images of other sizes also work: the positions are resized"
        )
    return sides[0] // step, sides[1] // step
