"""The cause of a failure is the last thing printed."""

import os
import signal
from pathlib import Path

from warm_python import WarmPython

from srs_monai.errors import INTERRUPTED, one_line, root_cause

FAILING = """
from srs_monai.errors import end_with_the_cause
end_with_the_cause()
try:
    raise ValueError("masks must be there; put them there")
except ValueError as error:
    raise RuntimeError("Failed to evaluate") from error
"""


def said_by(program: str, python: WarmPython, folder: Path) -> tuple[int, str]:
    """The exit status of a program, and all that it prints."""
    (folder / "program.py").write_text(program)
    status = python.run("program", folder=folder, environment=os.environ, log=folder / "log.txt")
    return status, (folder / "log.txt").read_text()


def test_the_last_line_is_the_cause(warm_python: WarmPython, tmp_path: Path) -> None:
    status, said = said_by(FAILING, warm_python, tmp_path)
    assert status == 1
    assert said.splitlines()[-1] == "ValueError: masks must be there; put them there"
    assert "RuntimeError: Failed to evaluate" in said


def test_an_interruption_is_one_line(warm_python: WarmPython, tmp_path: Path) -> None:
    program = "from srs_monai.errors import end_with_the_cause\nend_with_the_cause()\nraise KeyboardInterrupt"
    status, said = said_by(program, warm_python, tmp_path)
    assert status == -signal.SIGINT  # 130 in a shell
    assert said == f"\n{INTERRUPTED} (training with --resume true)\n"


def test_a_cause_that_was_suppressed_is_not_the_root() -> None:
    outer = RuntimeError("said")
    outer.__context__, outer.__suppress_context__ = KeyError("inner"), True
    assert root_cause(outer) is outer
    outer.__suppress_context__ = False
    assert isinstance(root_cause(outer), KeyError)


def test_a_sentence_made_of_a_librarys_complaint_is_the_root() -> None:
    outer, sentence = RuntimeError("applying transform"), ValueError("the pixels of a.dcm cannot be read: short; fetch")
    outer.__cause__, sentence.__cause__ = sentence, RuntimeError("short")
    assert root_cause(outer) is sentence


def test_reasons_become_one_line_and_silent_errors_say_what_they_are() -> None:
    assert one_line(ValueError("cut\n  off"), "a warning", EOFError()) == "cut off; a warning; EOFError"
    assert one_line(KeyError(101)) == "KeyError: 101"
    assert one_line(ValueError(" short "), "warned") == "ValueError: short; warned"
