"""Labels are told apart by colour, given or not."""

from srs_monai.inference.writers.written_labels import Colours
from srs_monai.labels import TISSUE, Label


def label(colour: tuple[int, int, int] | None = None) -> Label:
    return Label("a", TISSUE, colour=colour)


def test_colours_follow_from_numbers() -> None:
    colours = [Colours().of(number) for number in range(1, 9)]
    assert len(set(colours)) == 8
    assert Colours().of(9) == colours[0]
    assert [Colours([label(), label()]).of(number) for number in range(1, 9)] == colours


def test_a_given_colour_is_taken_and_no_other_label_has_it() -> None:
    taken = Colours().of(2)
    colours = Colours([label(taken), label(), label((0, 0, 0)), label()])
    shown = [colours.of(number) for number in range(1, 5)]
    assert (shown[0], shown[2]) == (taken, (0, 0, 0))
    assert len(set(shown)) == 4
