"""Rules that the arguments of several baselines share."""

from collections.abc import Sequence


def require_channels(in_channels: int, out_channels: int, network: str) -> None:
    """Refuse a network without an input or an output.

    Raises:
        ValueError: when one of the two is below 1.
    """
    if in_channels < 1 or out_channels < 1:
        raise ValueError(
            f"{network} takes and gives at least 1 channel, got in_channels {in_channels} and out_channels "
            f"{out_channels}; give 1 or more of each"
        )


def require_rate(rate: float, name: str) -> float:
    """The rate itself, when it is one.

    Raises:
        ValueError: when it is outside 0 up to, not including, 1.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"{name} is a rate from 0 up to, not including, 1, got {rate}; give such a rate")
    return rate


def token_grid(image_size: Sequence[int], step: int, network: str) -> tuple[int, int]:
    """Rows and columns of tokens, one for each step x step pixels of an image.

    Raises:
        ValueError: when image_size is not two multiples of the step.
    """
    sides = tuple(image_size)
    if len(sides) != 2 or any(side < step or side % step for side in sides):
        raise ValueError(
            f"{network} has positions for an image_size of two multiples of {step}, got {list(sides)}; give such a "
            "height and width - images of other sizes are taken all the same, their positions being resized"
        )
    return sides[0] // step, sides[1] // step
