"""The results of a batch as a table to read."""

from collections.abc import Sequence

import numpy as np

from srs_monai.inference.results.case_result import Result
from srs_monai.text import few, text_table

_HEADINGS = ("case", "format", "found", "seconds", "")
_ML = 1000.0  # mm3
_SHOWN = 4  # labels at most


def summary_table(results: Sequence[Result]) -> str:
    """One row for each case: format, labels found, seconds, and the number of warnings or the reason of a failure."""
    lines = text_table([_HEADINGS, *map(_row, results)], right=[_HEADINGS.index("seconds")])
    return "\n".join(map(str.rstrip, lines))


def warning_list(results: Sequence[Result]) -> str:
    """One line for each different warning, with its cases; empty without warnings."""
    cases: dict[str, list[str]] = {}
    for result in results:
        for warning in result.warnings:
            cases.setdefault(warning, []).append(result.name)
    return "".join(f"\n{few(names, 3)}: {warning}" for warning, names in cases.items()) + ("\n" if cases else "")


def _row(result: Result) -> tuple[str, ...]:
    if result.status == "failed":
        return result.name, "", "failed", f"{result.seconds:.1f}", result.reason
    notes = ["skipped"] if result.status == "left" else []
    if result.warnings:
        notes.append(f"{len(result.warnings)} warning{'s' if len(result.warnings) > 1 else ''}")
    seconds = f"{result.seconds:.1f}" if result.status == "segmented" else ""
    return result.name, result.format, _found(result), seconds, ", ".join(notes)


def _found(result: Result) -> str:
    found = [f"{name} {_size(size, result.unit)}" for name, size in result.volumes.items() if size]
    if len(found) > _SHOWN:
        found = [*found[: _SHOWN - 1], f"{len(found) - _SHOWN + 1} more"]
    return ", ".join(found) or ("nothing" if result.volumes else "")


def _size(size: float, unit: str) -> str:
    if unit == "mm3":
        return f"{_shown(size / _ML)} ml"
    return f"{_shown(size)} mm2" if unit == "mm2" else f"{size:.0f} {unit}"


def _shown(value: float) -> str:
    """One decimal; below 1 two significant digits, so that a small value is not shown as 0."""
    return f"{value:.1f}" if value >= 1 else np.format_float_positional(value, 2, fractional=False, trim="0")
