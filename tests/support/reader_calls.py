"""Counts how often pydicom reads a file."""

from collections import Counter
from pathlib import Path
from typing import Any

import pydicom.filereader
import pytest


class ReaderCalls:
    """How often headers and whole files were read, by their paths.

    Args:
        patch: undoes the counting.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.headers: Counter[Path] = Counter()
        self.pixels: Counter[Path] = Counter()
        read = pydicom.filereader.read_partial

        def counted(file: Any, stop_when: Any = None, *args: Any, **options: Any) -> Any:
            (self.pixels if stop_when is None else self.headers)[Path(file.name)] += 1
            return read(file, stop_when, *args, **options)

        patch.setattr(pydicom.filereader, "read_partial", counted)

    def clear(self) -> None:
        """Forget what was counted."""
        self.headers.clear()
        self.pixels.clear()
