"""Input of every kind that a hospital's archive holds, by section and name: a table of cases."""

from dicom_cases import enhanced, folders, headers, pictures, place, real, values
from dicom_cases.case import Case

CASES: dict[str, dict[str, Case]] = {
    "Order and place": place.CASES,
    "Folders": folders.CASES,
    "Values": values.CASES,
    "Odd headers": headers.CASES,
    "Many slices in one file": enhanced.CASES,
    "Pictures": pictures.CASES,
    "Real slices and series": real.CASES,
}
