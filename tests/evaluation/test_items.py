"""Items of an evaluation: whole volumes or slices, and lists that cannot be evaluated."""

import pytest

from srs_monai.evaluation.items import evaluation_items

SLICES = [{"image": "ct.nii.gz", "label": "organs.nii.gz", "slice": number} for number in range(3)]
PICTURE = {"image": "a.png", "label": "a_mask.png"}


@pytest.fixture
def datalists():
    return {"training": [PICTURE], "validation": [*SLICES, PICTURE], "test": [], "new": [PICTURE, {"image": "b.png"}]}


def test_slices_become_whole_volumes(datalists):
    assert evaluation_items(datalists) == [{"image": "ct.nii.gz", "label": "organs.nii.gz"}, PICTURE]


def test_slices_stay_cases_of_their_own(datalists):
    assert evaluation_items(datalists, whole_volumes=False) == [*SLICES, PICTURE]


def test_all_lists_together(datalists):
    del datalists["new"]
    assert evaluation_items(datalists, "all", whole_volumes=False) == [PICTURE, *SLICES, PICTURE]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("val", "training, validation, test, new or all; got 'val'"),
        ("test", "test list"),
        ("new", r"b\.png .*\(1 "),
    ],
)
def test_refusals(datalists, section, message):
    with pytest.raises(ValueError, match=message):
        evaluation_items(datalists, section)
