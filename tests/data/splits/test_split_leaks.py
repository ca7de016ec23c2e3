"""What belongs together and stands in two sections is counted."""

from srs_monai.data.recipes import Case
from srs_monai.data.splits.split_leaks import SplitLeaks, find_leaks

CASES = [Case(name, f"{name}.png", patient=patient) for name, patient in zip("abcdef", "ppqqrr", strict=True)]
SECTIONS = {"training": ["a", "c"], "validation": ["b"], "test": ["d"]}


def test_pairs_and_patients_in_two_sections_are_named() -> None:
    divided = find_leaks(SECTIONS, CASES, [("a", "c"), ("a", "b"), ("c", "d"), ("a", "f"), ("e", "f")])
    assert divided.pairs == (
        (("a", "training"), ("b", "validation")),
        (("c", "training"), ("d", "test")),
    )
    assert divided.patients == ("p", "q")
    assert str(divided) == (
        "near-duplicates in two sections, pairs: 2: a (training) and b (validation), c (training) and d (test); "
        "patients in two sections: p, q"
    )


def test_nothing_is_said_of_what_stays_together() -> None:
    divided = find_leaks({"training": ["a", "b"], "validation": ["c", "d"]}, CASES, [("a", "b"), ("e", "f")])
    assert divided == SplitLeaks((), ())
    assert not divided
    assert str(divided) == "no leaks"
