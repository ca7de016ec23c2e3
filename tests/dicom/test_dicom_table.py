"""No input is read wrongly, and docs/dicom.md says what the readers do now.

    python -m pytest tests/dicom/test_dicom_table.py --update-docs

writes the table anew. MONAI's ITKReader is compared where `pip install 'srs_monai[compare]'` put its package.
"""

from pathlib import Path

import dicom_table
import pytest
from dicom_cases import CASES
from dicom_table import Rows

ALL = [pytest.param((section, name), id=name) for section, cases in CASES.items() for name in cases]


@pytest.fixture(scope="module")
def rows(datasets: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Rows:
    met = dicom_table.met(datasets, tmp_path_factory.mktemp("cases"))
    if request.config.getoption("--update-docs"):
        dicom_table.update(met, dicom_table.itk_version())
    return met


@pytest.mark.parametrize("case", ALL)
def test_input_is_read_rightly_or_refused(case: tuple[str, str], rows: Rows) -> None:
    assert rows[case].ours.startswith(("right", "refused: "))


@pytest.mark.parametrize("case", ALL)
def test_the_document_says_what_the_readers_do(case: tuple[str, str], rows: Rows) -> None:
    written = dicom_table.written()[case]
    assert (written.pydicom_reader, written.ours) == (rows[case].pydicom_reader, rows[case].ours)


@pytest.mark.skipif(not dicom_table.documented_itk(), reason="the itk of docs/dicom.md is not installed")
@pytest.mark.parametrize("case", ALL)
def test_the_document_says_what_itk_does(case: tuple[str, str], rows: Rows) -> None:
    assert dicom_table.written()[case].itk_reader == rows[case].itk_reader


def test_the_document_counts_its_rows(rows: Rows) -> None:
    written = dicom_table.written()
    assert list(written) == list(rows)
    assert dicom_table.summary_line() == dicom_table.summary(written, None)
    assert dicom_table.summary_line().endswith(" 0 by DicomReader.")
