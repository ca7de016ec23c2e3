"""Progress bars for the run of an engine, and for work on many items in threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import TypeVar

from ignite.engine import Engine, Events
from tqdm import tqdm

Item = TypeVar("Item")
Found = TypeVar("Found")


class ProgressBar:
    """Engine handler: one bar for a run. It is closed at every end of the run, also after an error.

    A subclass creates `bar` in `_open` and updates it in `_step`.
    """

    bar: tqdm

    def attach(self, engine: Engine) -> None:
        """Follow a run of the engine."""
        engine.add_event_handler(Events.STARTED, self._open)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        engine.add_event_handler(Events.COMPLETED | Events.TERMINATE, self._close)
        engine.add_event_handler(Events.EXCEPTION_RAISED, self._fail)

    def _open(self, engine: Engine) -> None:
        raise NotImplementedError

    def _step(self, engine: Engine) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        self.bar.close()

    def _fail(self, error: Exception) -> None:
        if hasattr(self, "bar"):
            self._close()
        raise error  # ignite considers an exception with a handler as handled


def in_threads(
    work: Callable[[Item], Found], items: Sequence[Item], title: str, *, progress: bool = True
) -> list[Found]:
    """The results of a function for many items, in their order, with one thread per processor and a progress bar.

    Args:
        work: the function; it should mostly read and decode, which threads can do in parallel.
        items: images, or objects that hold one.
        title: label of the bar.
        progress: show the bar, on a terminal only.
    """
    silent = None if progress else True  # None: shown on a terminal only
    with ThreadPoolExecutor(cpu_count()) as pool:
        found = pool.map(work, items)
        return list(tqdm(found, title, len(items), unit="image", dynamic_ncols=True, disable=silent))
