"""The table says of every case what was found, or why it failed."""

import pytest

from srs_monai.inference import Result, summary_table, warning_list

MANY = {f"label {number}": 1000.0 * number for number in range(1, 7)}
ORGANS = {"liver": 1523240.0, "gall bladder": 0.0, "spleen": 200.0}
TWO = ("resampled", "few slices")
RESULTS = [
    Result("a", "a.png", "segmented", seconds=0.26, format="png", volumes={"lesion": 12.0}, unit="px"),
    Result("scan/b", "b", "segmented", seconds=41.0, format="nifti", volumes=ORGANS, unit="mm3", warnings=TWO),
    Result("c", "c.dcm", "failed", "the pixels are cut off; fetch it", 0.1),
    Result("d", "d", "left", format="dicom-seg", volumes={"lesion": 0.0}, unit="mm2", warnings=TWO[:1]),
    Result("e", "e", "segmented", seconds=1.0, format="nifti", volumes=MANY, unit="mm3"),
    Result("f", "f", "segmented", seconds=2.0),
]
TABLE = """\
case    format     found                                                   seconds
a       png        lesion 12 px                                                0.3
scan/b  nifti      liver 1523.2 ml, spleen 0.2 ml                             41.0  2 warnings
c                  failed                                                      0.1  the pixels are cut off; fetch it
d       dicom-seg  nothing                                                          skipped, 1 warning
e       nifti      label 1 1.0 ml, label 2 2.0 ml, label 3 3.0 ml, 3 more      1.0
f                                                                              2.0"""


def test_each_case_has_its_row() -> None:
    assert summary_table(RESULTS) == TABLE


def test_each_warning_is_said_once_with_its_cases() -> None:
    results = [Result(str(i), "", "segmented", warnings=("resampled",) if i else TWO) for i in range(5)]
    assert warning_list(results) == "\n0, 1, 2 ... (5 in all): resampled\n0: few slices\n"
    assert warning_list([RESULTS[0]]) == ""


def test_areas_have_their_unit() -> None:
    table = summary_table([Result("a", "a", "segmented", volumes={"lesion": 12.34}, unit="mm2")])
    assert "lesion 12.3 mm2" in table


@pytest.mark.parametrize(
    ("size", "unit", "said"),
    [
        (25.4, "mm3", "0.025 ml"),
        (0.03, "mm3", "0.00003 ml"),
        (456.0, "mm3", "0.46 ml"),
        (999.0, "mm3", "1.0 ml"),
        (1040.0, "mm3", "1.0 ml"),
        (0.0123, "mm2", "0.012 mm2"),
    ],
)
def test_what_is_small_is_not_nothing(size: float, unit: str, said: str) -> None:
    table = summary_table([Result("a", "a", "segmented", volumes={"lesion": size, "cyst": 0.0}, unit=unit)])
    assert f" lesion {said}  " in table
