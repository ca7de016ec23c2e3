"""Progress bars: of an engine's run, and of work on many items in threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import TypeVar

from ignite.engine import Engine, Events
from tqdm import tqdm

Item = TypeVar("Item")
Found = TypeVar("Found")


class ProgressBar:
    """Engine handler: one bar for a run, closed however the run ends.

    What it shows is made in `_open`, as `bar`, and moved on in `_step`.
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
        raise error  # ignite takes an exception that has a handler for handled


def in_threads(
    work: Callable[[Item], Found], items: Sequence[Item], title: str, *, progress: bool = True
) -> list[Found]:
    """What the work gives for each item, in their order: as many threads as processors, and a bar.

    Args:
        work: mostly reads and decodes, in which threads run beside each other.
        items: images, or what holds one.
        title: of the bar.
        progress: show it, on a terminal.
    """
    silent = None if progress else True  # None: shown on a terminal only
    with ThreadPoolExecutor(cpu_count()) as pool:
        found = pool.map(work, items)
        return list(tqdm(found, title, len(items), unit="image", dynamic_ncols=True, disable=silent))
