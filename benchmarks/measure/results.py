"""A file of measured rows, which grows row by row and goes on where it was stopped."""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from measure.machine import COLUMNS

#: what rows of one file have in common: numbers of two machines or two states of the code are not mixed
COMMON = ("device", "cores", "omp_threads", "code")


class Results:
    """Rows of one question on one machine, as CSV.

    Args:
        path: of the file; folders are made.
        keys: columns that tell what a row is of.
        columns: the further ones that are measured; those of the environment follow.
        environment: what `environment()` says.
        overwrite: begin anew where the file is there.

    Raises:
        ValueError: when the file is there and has other columns, or rows of another machine or state of the code.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        keys: Sequence[str],
        columns: Sequence[str],
        environment: Mapping[str, str],
        overwrite: bool = False,
    ) -> None:
        self.path, self.keys, self.environment = Path(path), tuple(keys), dict(environment)
        self.columns = (*keys, *columns, *COLUMNS)
        self._there: dict[tuple[str, ...], dict[str, str]] = {}
        if self.path.is_file() and not overwrite:
            self._go_on()
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write([self.columns], "w")

    def row(self, **key: Any) -> dict[str, str] | None:
        """The row of this key, as texts; None where there is none yet."""
        return self._there.get(tuple(text_of(key[name]) for name in self.keys))

    def add(self, **row: Any) -> None:
        """Write a row at once; what is not given stays empty.

        Raises:
            ValueError: for a name that is no column.
        """
        unknown = set(row) - set(self.columns)
        if unknown:
            raise ValueError(f"a row has the file's columns, got {', '.join(sorted(unknown))}; name them in columns")
        texts = {**self.environment, **{name: text_of(value) for name, value in row.items()}}
        self._write([[texts.get(name, "") for name in self.columns]], "a")
        self._there[tuple(texts.get(name, "") for name in self.keys)] = texts

    def _go_on(self) -> None:
        columns, rows = read_rows(self.path)
        way_out = "begin anew with --overwrite, or name another --output"
        if columns != self.columns:
            raise ValueError(f"rows are added to a file of the same columns, but {self.path} has others; {way_out}")
        for row in rows:
            for name in COMMON:
                if row[name] != self.environment.get(name, ""):
                    raise ValueError(
                        f"rows of one file are measured in one place, but {self.path} has {name} {row[name]!r}, and "
                        f"this is {self.environment.get(name, '')!r}; {way_out}"
                    )
            self._there[tuple(row[name] for name in self.keys)] = row
        self._write([columns, *(list(row.values()) for row in rows)], "w")  # without a line that was cut off

    def _write(self, rows: Sequence[Sequence[str]], mode: str) -> None:
        with self.path.open(mode, newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
            file.flush()
            os.fsync(file.fileno())


def read_rows(path: str | Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """Columns and rows of a file of results; a last line that was cut off is left out."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        columns = tuple(next(reader, ()))
        return columns, [dict(zip(columns, row, strict=True)) for row in reader if len(row) == len(columns)]


def text_of(value: Any) -> str:
    """A value as it stands in the file: five digits of a number, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
