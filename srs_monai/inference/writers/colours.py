"""Colours of labels, the same in every format."""

from collections.abc import Sequence

from srs_monai.labels import Label

# of labels 1, 2, ...; then again from the start (Okabe and Ito, told apart by colour-blind readers too, and a wine red)
_COLOURS = [(230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167)]
_COLOURS += [(136, 34, 85)]


class Colours:
    """The colours of labels: each has its own where it was given one, else one that follows from its number.

    Args:
        labels: what the numbers 1, 2, ... mean.
    """

    def __init__(self, labels: Sequence[Label] = ()) -> None:
        self._own = {number: label.colour for number, label in enumerate(labels, 1) if label.colour is not None}
        self._others = [colour for colour in _COLOURS if colour not in self._own.values()] or _COLOURS

    def of(self, number: int) -> tuple[int, int, int]:
        """The colour of a label, counted from 1, as RGB in 0..255."""
        return self._own.get(number) or self._others[(number - 1) % len(self._others)]
