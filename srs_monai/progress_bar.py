"""What the progress bars of training and evaluation have in common."""

from ignite.engine import Engine, Events
from tqdm import tqdm


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
