"""Which region is which class, in the two forms that lists have."""

from typing import Any

import pytest

from srs_monai.data.labels.region_names import region_numbers


@pytest.mark.parametrize(
    "listed", [{"0": "background", "1": "liver", "3": "GTV-1"}, {"background": 0, "liver": 1, "GTV-1": 3}]
)
def test_numbers_by_names(listed: dict[str, Any]) -> None:
    assert region_numbers(listed, "list.json") == {"liver": 1, "GTV-1": 3}


@pytest.mark.parametrize(
    "listed",
    [
        ["liver"],
        "liver",
        {"liver": "one"},
        {"1": "a", "2": "a"},
        {"liver": [1]},
        {"liver": -1},
        {"liver": True},
        {"liver": 1.5},
    ],
)
def test_other_forms_are_refused(listed: Any) -> None:
    with pytest.raises(ValueError, match=r"labels of DICOM regions are .* but list.json has"):
        region_numbers(listed, "list.json")


@pytest.mark.parametrize("listed", [{}, {"0": "background"}, {"background": 0}])
def test_a_class_has_a_number_above_0(listed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"list.json names none; add it"):
        region_numbers(listed, "list.json")
