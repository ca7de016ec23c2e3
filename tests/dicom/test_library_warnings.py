"""Warnings go to the file that is being read, in each thread its own."""

import threading
import warnings
from pathlib import Path

import pytest

from srs_monai.dicom.library_warnings import library_warnings


def test_what_is_warned_of_is_collected_once_and_nothing_goes_on() -> None:
    with library_warnings(Path("a")) as said:
        for text in ("one", "two", "one"):
            warnings.warn(text, UserWarning, stacklevel=1)
    assert said == ["one", "two"]
    with pytest.warns(UserWarning, match="after"):
        warnings.warn("after", UserWarning, stacklevel=1)


def test_within_another_each_has_its_own() -> None:
    with library_warnings(Path("a")) as outer:
        warnings.warn("outer", UserWarning, stacklevel=1)
        with library_warnings(Path("b")) as inner:
            warnings.warn("inner", UserWarning, stacklevel=1)
        warnings.warn("again", UserWarning, stacklevel=1)
    assert (outer, inner) == (["outer", "again"], ["inner"])


def test_threads_that_enter_and_leave_by_turns_leave_the_process_as_it_was() -> None:
    filters, show = list(warnings.filters), warnings.showwarning
    turn = threading.Barrier(2, timeout=10)
    said: dict[str, list[str]] = {}

    def first() -> None:
        with library_warnings(Path("a")) as said["a"]:
            turn.wait()
            turn.wait()  # the other has entered
            warnings.warn("of a", UserWarning, stacklevel=1)
        turn.wait()

    thread = threading.Thread(target=first)
    thread.start()
    turn.wait()
    with library_warnings(Path("b")) as said["b"]:
        turn.wait()
        turn.wait()  # the first has left
        warnings.warn("of b", UserWarning, stacklevel=1)
    thread.join()
    assert said == {"a": ["of a"], "b": ["of b"]}
    assert (list(warnings.filters), warnings.showwarning) == (filters, show)
