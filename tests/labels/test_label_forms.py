"""The forms in which lists and people say which number is which label, and which DICOM region is which class."""

from typing import Any

import pytest

from srs_monai.labels.label_forms import numbered_labels, region_numbers


@pytest.mark.parametrize(
    "labels",
    [
        {"0": "background", "1": "liver", "2": "GTV-1"},
        {0: "background", 1: {"name": "liver", "code": {"value": "10200004"}}, 2: "GTV-1"},
        {"background": 0, "liver": 1, "GTV-1": "2"},
        {"liver": [1], "GTV-1": 2},
        ["liver", "GTV-1"],
        ["background", "liver", {"name": "GTV-1"}],
        "{1: liver, 2: GTV-1}",
    ],
)
def test_numbers_of_regions_by_their_names(labels: Any) -> None:
    assert region_numbers(labels, "list.json") == {"liver": 1, "GTV-1": 2}


def test_several_regions_may_form_one_class() -> None:
    assert region_numbers({"left lung": 1, "right lung": 1}, "list.json") == {"left lung": 1, "right lung": 1}


def test_names_of_regions_stay_to_the_letter() -> None:
    assert region_numbers({"1": "Liver  (a)"}, "list.json") == {"Liver  (a)": 1}


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("liver", "got 'liver'"),
        ({"liver": "one"}, "got 'one' for 'liver'"),
        ({"1": "a", "2": "a"}, "got 'a' for 2"),
        ({"1": {"code": {"value": "10200004"}}}, "got None for 1"),
        ({"1": 7}, "got 7 for 1"),
        ({"liver": [1, 2]}, r"'liver' is a region of \[1, 2\]"),
        ({"liver": -1}, "got -1 for 'liver'"),
        ({"liver": True}, "got True for 'liver'"),
        ({"liver": 1.5}, r"got 1\.5 for 'liver'"),
    ],
)
def test_other_forms_are_rejected(labels: Any, said: str) -> None:
    with pytest.raises(ValueError, match=rf"^labels of list\.json: .*{said}"):
        region_numbers(labels, "list.json")


@pytest.mark.parametrize("labels", [None, {}, {"0": "background"}, {"background": 0}])
def test_one_region_needs_a_number_above_0(labels: Any) -> None:
    with pytest.raises(ValueError, match=r"^labels of list\.json: .* above 0"):
        region_numbers(labels, "list.json")


def test_one_plain_name_needs_leave() -> None:
    assert numbered_labels("liver", single=True) == [(1, "liver")]
    with pytest.raises(ValueError, match="got 'liver'"):
        numbered_labels("liver")
