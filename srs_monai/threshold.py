"""From which probability on a pixel is foreground."""


def binary_threshold(threshold: float, out_channels: int) -> float | None:
    """The threshold of a binary network; None for several classes, of which the likeliest is taken.

    Raises:
        ValueError: when it is not a probability between 0 and 1.
    """
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < 1:
        raise ValueError(f"threshold is a probability between 0 and 1; got {threshold!r}")
    return threshold if out_channels == 1 else None
