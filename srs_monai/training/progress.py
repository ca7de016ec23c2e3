"""A progress bar over a whole stage."""

from ignite.engine import Engine, Events
from tqdm import tqdm


class Progress:
    """Trainer handler: one bar for the stage, with the epoch, the loss, the validation score and the time left.

    Args:
        name: what the bar is called.
        evaluator: whose key metric is shown once it is known.
    """

    def __init__(self, name: str, evaluator: Engine) -> None:
        self.name, self.evaluator = name, evaluator

    def attach(self, engine: Engine) -> None:
        """Follow the trainer's run."""
        engine.add_event_handler(Events.STARTED, self._open)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        engine.add_event_handler(Events.COMPLETED | Events.TERMINATE, self._close)
        engine.add_event_handler(Events.EXCEPTION_RAISED, self._fail)

    def _open(self, engine: Engine) -> None:
        total = engine.state.max_epochs * engine.state.epoch_length
        self.bar = tqdm(total=total, initial=engine.state.iteration, desc=self.name, unit="step", dynamic_ncols=True)

    def _step(self, engine: Engine) -> None:
        self.bar.update()
        shown = {"epoch": f"{engine.state.epoch}/{engine.state.max_epochs}"}
        shown["loss"] = f"{engine.state.output[0]['loss']:.4f}"
        name = self.evaluator.state.key_metric_name
        if name in self.evaluator.state.metrics:
            shown[name] = f"{self.evaluator.state.metrics[name]:.4f}"
        self.bar.set_postfix(shown, refresh=False)

    def _close(self) -> None:
        self.bar.close()

    def _fail(self, error: Exception) -> None:
        if hasattr(self, "bar"):
            self._close()
        raise error  # ignite takes an exception that has a handler for handled
