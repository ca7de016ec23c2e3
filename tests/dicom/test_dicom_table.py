"""Every case is accepted or refused as the table says, and docs/dicom.md says what the readers do now.

    python -m pytest tests/dicom/test_dicom_table.py --update-docs

writes the table anew. MONAI's ITKReader is compared where `pip install 'srs_monai[compare]'` put its package.
"""

from pathlib import Path

import dicom_table
import pytest
from dicom_cases import CASES
from dicom_cases.case import RIGHT, section, series
from dicom_judge import kind_of
from dicom_table import Rows

ALL = [pytest.param((section, name), id=name) for section, cases in CASES.items() for name in cases]


@pytest.fixture(scope="module")
def rows(datasets: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Rows:
    met = dicom_table.met(datasets, tmp_path_factory.mktemp("cases"))
    if request.config.getoption("--update-docs"):
        dicom_table.update(met, dicom_table.itk_version())
    return met


@pytest.mark.parametrize("case", ALL)
def test_dicom_reader_accepts_or_refuses_as_the_table_says(case: tuple[str, str], rows: Rows) -> None:
    expected, met = CASES[case[0]][case[1]].verdict, rows[case].ours
    assert kind_of(met) == expected.kind
    assert not [name for name in expected.named if name not in met]


@pytest.mark.parametrize("case", ALL)
def test_the_document_says_what_the_readers_do(case: tuple[str, str], rows: Rows) -> None:
    """It repeats the words of our refusals; their names and values are compared."""
    written, met = dicom_table.written()[case], rows[case]
    assert written.pydicom_reader == met.pydicom_reader
    assert kind_of(written.ours) == kind_of(met.ours)
    named = [name for name in CASES[case[0]][case[1]].verdict.named if name in dicom_table.shown(met.ours)]
    assert not [name for name in named if name not in written.ours]


@pytest.mark.skipif(not dicom_table.documented_itk(), reason="the itk of docs/dicom.md is not installed")
@pytest.mark.parametrize("case", ALL)
def test_the_document_says_what_itk_does(case: tuple[str, str], rows: Rows) -> None:
    assert dicom_table.written()[case].itk_reader == rows[case].itk_reader


def test_the_document_counts_its_rows(rows: Rows) -> None:
    written = dicom_table.written()
    assert list(written) == list(rows)
    assert dicom_table.summary_line() == dicom_table.summary(written, None)
    assert dicom_table.summary_line().endswith(" 0 by DicomReader.")


def test_two_cases_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="'sagittal'"):
        section(("sagittal", series(), RIGHT), ("coronal", series(), RIGHT), ("sagittal", series(), RIGHT))
