"""The table of docs/dicom.md: what readers do with every case, told by running them."""

import importlib.metadata
import warnings
from pathlib import Path
from typing import NamedTuple

from dicom_cases import CASES
from dicom_judge import is_silent_error, kind_of, verdict
from monai.data import ITKReader, PydicomReader

from srs_monai.data.readers import DicomError, DicomReader

DOCUMENT = Path(__file__).parents[2] / "docs" / "dicom.md"
_START = "<!-- the rest of this file is generated -->"


_SHOWN = 140  # characters of a refusal


class Row(NamedTuple):
    """What each reader does with a case; the words of a refusal are given for DicomReader alone."""

    pydicom_reader: str
    itk_reader: str
    ours: str


Rows = dict[tuple[str, str], Row]


def itk_version() -> str | None:
    """The version of the package that MONAI's ITKReader needs, None where it is not installed."""
    try:
        return importlib.metadata.version("itk-io")
    except importlib.metadata.PackageNotFoundError:
        return None


def met(real: Path, folder: Path) -> Rows:
    """Run the readers on all cases, written below an empty folder; without itk its column is empty."""
    rows: Rows = {}
    for section, cases in CASES.items():
        for name, case in cases.items():
            place = folder / str(len(rows))
            place.mkdir()
            with warnings.catch_warnings(action="ignore"):  # pydicom's, of odd values that are written
                given = case.make(place, real)
            rows[section, name] = Row(
                kind_of(verdict(PydicomReader(), given, place)),
                kind_of(verdict(ITKReader(), given, place)) if itk_version() else "",
                verdict(DicomReader(**dict(given.options)), given, place, DicomError),
            )
    return rows


def written() -> Rows:
    """The rows that the document has."""
    rows: Rows = {}
    section = ""
    for line in _generated().splitlines():
        if line.startswith("### "):
            section = line.removeprefix("### ")
        elif line.startswith("| ") and not line.startswith("| input |"):
            name, *cells = (cell.strip().replace("¦", "|") for cell in line.strip("|").split(" | "))
            rows[section, name] = Row(*cells)
    return rows


def shown(words: str) -> str:
    """What the document repeats of a verdict: of a refusal, the rule and the value met."""
    text = words.split("; ")[0]
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN].rsplit(' ', 1)[0]} ..."


def summary(rows: Rows, itk: str | None) -> str:
    """The numbers of inputs and of silent errors."""
    silent = [sum(map(is_silent_error, column)) for column in zip(*rows.values(), strict=True)]
    monai = importlib.metadata.version("monai")
    return (
        f"{len(rows)} inputs. Silent errors: {silent[0]} by MONAI's PydicomReader (MONAI {monai}), {silent[1]} by "
        f"MONAI's ITKReader (itk {itk or _written_itk()}), {silent[2]} by DicomReader."
    )


def update(rows: Rows, itk: str | None) -> None:
    """Write the rows into the document; without itk, its column stays as it is."""
    before = written()
    if itk is None:
        rows = {
            key: row._replace(itk_reader=before[key].itk_reader if key in before else "") for key, row in rows.items()
        }
    lines = [_START, "", summary(rows, itk)]
    for section in CASES:
        lines += ["", f"### {section}", "", "| input | PydicomReader | ITKReader | DicomReader |", "|---|---|---|---|"]
        lines += [
            _line([name, *row._replace(ours=shown(row.ours))])
            for (where, name), row in rows.items()
            if where == section
        ]
    text = DOCUMENT.read_text()
    DOCUMENT.write_text(text[: text.index(_START)] + "\n".join(lines) + "\n")


def summary_line() -> str:
    """The numbers as the document has them."""
    return next(line for line in _generated().splitlines() if " inputs. " in line)


def documented_itk() -> bool:
    """Whether the itk of the document is installed, so that its column can be compared."""
    return itk_version() is not None and itk_version() == _written_itk()


def _written_itk() -> str:
    generated = _generated()
    return generated.split("(itk ")[1].split(")")[0] if "(itk " in generated else "unknown"


def _generated() -> str:
    text = DOCUMENT.read_text()
    return text[text.index(_START) :]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '¦') for cell in cells)} |"
