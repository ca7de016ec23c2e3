"""Warnings of libraries about the file that a thread reads, also if several threads read at once."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


class _Recorder:
    """Collects warnings, separately for each thread.

    `warnings.catch_warnings` changes the whole process, and does not restore it if two threads enter and leave it in
    turns.
    """

    def __init__(self) -> None:
        self._lock, self._recording = threading.Lock(), 0
        self._catcher: warnings.catch_warnings[None] | None = None
        self._otherwise: Any = None
        self._of_thread = threading.local()

    @contextmanager
    def recorded(self) -> Iterator[list[str]]:
        """Collect the warnings of this thread."""
        outer, mine = getattr(self._of_thread, "warnings", None), list[str]()
        with self._lock:
            self._recording += 1
            if self._catcher is None:
                self._catcher = warnings.catch_warnings()
                self._catcher.__enter__()
                self._otherwise, warnings.showwarning = warnings.showwarning, self._take
                warnings.simplefilter("always")
        self._of_thread.warnings = mine
        try:
            yield mine
        finally:
            self._of_thread.warnings = outer
            with self._lock:
                self._recording -= 1
                if not self._recording and self._catcher is not None:
                    self._catcher.__exit__(None, None, None)
                    self._catcher = None

    def _take(self, message: Warning | str, *args: Any, **kwargs: Any) -> None:
        warned: list[str] | None = getattr(self._of_thread, "warnings", None)
        if warned is None:
            self._otherwise(message, *args, **kwargs)
        else:
            warned.append(str(message))


_RECORDER = _Recorder()


@contextmanager
def library_warnings(path: Path) -> Iterator[list[str]]:
    """Collect the warnings of libraries, and log them with the name of the file."""
    met: list[str] = []
    with _RECORDER.recorded() as warned:
        try:
            yield met
        finally:
            met.extend(dict.fromkeys(warned))
            for message in met:
                logger.debug("%s: %s", path, message)
