"""Errors in one line, and the root cause of a failure as the last line that a user reads."""

import sys
from types import TracebackType

#: message after Ctrl-C
INTERRUPTED = "interrupted: finished results stay, and the same command continues from there"


def root_cause(error: BaseException) -> BaseException:
    """The first error in the chain of causes that is not a plain RuntimeError about another error.

    MONAI and torch wrap an error in an expression or a transform in such a RuntimeError. Errors further down come from
    libraries, whose message is already part of a sentence with the file's name and a way out.
    """
    while type(error) is RuntimeError:
        below = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if below is None:
            break
        error = below
    return error


def one_line(*messages: object) -> str:
    """Errors as text inside a sentence. A message of one word or none gets its type, as in "KeyError: 101"."""
    return "; ".join(_sentence(message) for message in messages)


def _sentence(message: object) -> str:
    words = str(message).split()
    if len(words) > 1 or (words and not isinstance(message, BaseException)):
        return " ".join(words)
    return ": ".join([type(message).__name__, *words])


def end_with_the_cause() -> None:
    """Print the root cause of an uncaught error in one line after its traceback; after Ctrl-C, print only one line.

    MONAI's configuration parser wraps an error once for every expression around it ("Failed to evaluate ..."), so the
    reason would be far above the last line.
    """
    sys.excepthook = _print_with_cause


def _print_with_cause(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write(f"\n{INTERRUPTED} (training with --resume true)\n")
        return
    sys.__excepthook__(kind, error, traceback)
    cause = root_cause(error)
    sys.stderr.write(f"\n{type(cause).__name__}: {cause}\n")
