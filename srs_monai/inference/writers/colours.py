"""Colours of labels, the same in every format."""

# of labels 1, 2, ...; then again from the start (Okabe and Ito, told apart by colour-blind readers too, and a wine red)
_COLOURS = [(230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167)]
_COLOURS += [(136, 34, 85)]


def colour_of(label: int) -> tuple[int, int, int]:
    """The colour of a label, counted from 1, as RGB in 0..255."""
    return _COLOURS[(label - 1) % len(_COLOURS)]
