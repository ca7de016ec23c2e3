"""A progress bar over the cases of an evaluation."""

from ignite.engine import Engine, Events
from tqdm import tqdm


class CaseProgress:
    """Evaluator handler: one bar for the run, with the time left."""

    def attach(self, engine: Engine) -> None:
        """Follow a run of the evaluator."""
        engine.add_event_handler(Events.STARTED, self._open)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        engine.add_event_handler(Events.COMPLETED | Events.TERMINATE, self._close)
        engine.add_event_handler(Events.EXCEPTION_RAISED, self._fail)

    def _open(self, engine: Engine) -> None:
        # ignite counts batches; of one case each, unless they are on the network's grid
        self.bar = tqdm(total=engine.state.epoch_length, desc="evaluating", unit="batch", dynamic_ncols=True)

    def _step(self) -> None:
        self.bar.update()

    def _close(self) -> None:
        self.bar.close()

    def _fail(self, error: Exception) -> None:
        if hasattr(self, "bar"):
            self._close()
        raise error  # ignite takes an exception that has a handler for handled
