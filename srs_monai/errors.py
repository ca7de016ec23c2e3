"""The cause of a failure as the last thing that a user reads."""

import sys
from types import TracebackType

#: what is said where a person stops a command
INTERRUPTED = "interrupted: what was finished stays, and the same command goes on from there"


def root_cause(error: BaseException) -> BaseException:
    """The error that says what went wrong: the first that is not a plain RuntimeError about another one.

    So MONAI and torch wrap what happens in an expression or a transform. Errors below that one, of a library whose
    complaint was put into a sentence with the file's name and a way out, say less.
    """
    while type(error) is RuntimeError:
        below = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if below is None:
            break
        error = below
    return error


def one_line(*said: object) -> str:
    """What errors say, for the middle of a sentence; those of one word or none (KeyError(101)) say what they are."""
    return "; ".join(_sentence(part) for part in said)


def _sentence(said: object) -> str:
    words = str(said).split()
    if len(words) > 1 or (words and not isinstance(said, BaseException)):
        return " ".join(words)
    return ": ".join([type(said).__name__, *words])


def end_with_the_cause() -> None:
    """Print an uncaught error's root cause, in one line, after its traceback; of an interruption, that line alone.

    MONAI's configuration parser wraps an error in one of its own for every expression it came through ("Failed to
    evaluate ..."), so that the reason ends up far above the last line.
    """
    sys.excepthook = _print_with_cause


def _print_with_cause(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write(f"\n{INTERRUPTED} (training with --resume true)\n")
        return
    sys.__excepthook__(kind, error, traceback)
    cause = root_cause(error)
    sys.stderr.write(f"\n{type(cause).__name__}: {cause}\n")
