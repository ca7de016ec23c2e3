"""A progress bar over a whole stage."""

import time

from ignite.engine import Engine
from tqdm import tqdm

from srs_monai.progress import ProgressBar

INTERVAL = 0.5  # seconds between two displayed losses: reading a loss makes the host wait for the device


class Progress(ProgressBar):
    """Trainer handler: one bar for the stage, with epoch, loss, validation score and remaining time.

    Args:
        name: label of the bar.
        evaluator: its key metric is displayed once it is known.
    """

    def __init__(self, name: str, evaluator: Engine) -> None:
        self.name, self.evaluator = name, evaluator
        self.last_shown = -INTERVAL

    def _open(self, engine: Engine) -> None:
        total = engine.state.max_epochs * engine.state.epoch_length
        self.bar = tqdm(total=total, initial=engine.state.iteration, desc=self.name, unit="step", dynamic_ncols=True)

    def _step(self, engine: Engine) -> None:
        now, last = time.monotonic(), engine.state.iteration == self.bar.total
        if last or now - self.last_shown >= INTERVAL:
            self.last_shown = now
            self._show(engine)
        self.bar.update()

    def _show(self, engine: Engine) -> None:
        shown = {"epoch": f"{engine.state.epoch}/{engine.state.max_epochs}"}
        shown["loss"] = f"{engine.state.output['loss']:.4f}"
        name = self.evaluator.state.key_metric_name
        if name in self.evaluator.state.metrics:
            shown[name] = f"{self.evaluator.state.metrics[name]:.4f}"
        self.bar.set_postfix(shown, refresh=False)
