"""A CSV file with one row for each epoch: loss, learning rate and validation metrics."""

import csv
import io
import math
import time
from pathlib import Path

from ignite.engine import Engine, Events
from torch.optim import Optimizer

from srs_monai.files import write_atomically

Row = dict[str, float | int]


class EpochLog:
    """Trainer handler: write a CSV file with each epoch's mean loss, learning rate, seconds and validation metrics.

    Attach it after `StepLosses` and the validation handler. If a run resumes from an epoch, later rows are removed.

    Args:
        path: path of the CSV file, which is replaced after every epoch.
        optimizer: its first learning rate is logged.
        evaluator: its metrics of the same epoch are logged as "validation_NAME"; they are empty for epochs without
            validation.

    Raises:
        ValueError: in the run, for a loss that is not finite.
    """

    def __init__(self, path: str | Path, optimizer: Optimizer, evaluator: Engine) -> None:
        self.path, self.optimizer, self.evaluator = Path(path), optimizer, evaluator
        self.rows: list[Row] = []
        self.validated = False
        self.started = time.monotonic()

    def attach(self, engine: Engine) -> None:
        """Follow the trainer's run."""
        self.evaluator.add_event_handler(Events.COMPLETED, self._note_validation)
        engine.add_event_handler(Events.STARTED, self._read)
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._write)

    def _read(self, engine: Engine) -> None:
        self.rows = []
        if engine.state.epoch and self.path.is_file():
            with self.path.open(newline="") as file:
                rows = [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]
            self.rows = [{**row, "epoch": int(row["epoch"])} for row in rows if row["epoch"] <= engine.state.epoch]

    def _start(self) -> None:
        self.validated, self.started = False, time.monotonic()

    def _note_validation(self) -> None:
        self.validated = True

    def _write(self, engine: Engine) -> None:
        loss = sum(engine.state.step_losses) / engine.state.epoch_length
        if not math.isfinite(loss):
            raise ValueError(
                f"the training loss must be finite, but epoch {engine.state.epoch} has {loss}; lower learning_rate, or "
                "use precision float32"
            )
        row: Row = {
            "epoch": engine.state.epoch,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "loss": loss,
            "seconds": round(time.monotonic() - self.started, 2),
        }
        if self.validated:
            row |= {f"validation_{name}": float(value) for name, value in self.evaluator.state.metrics.items()}
        self.rows.append(row)
        columns = dict.fromkeys(key for row in self.rows for key in row)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(columns))
        writer.writeheader()
        writer.writerows(self.rows)
        write_atomically(self.path, text.getvalue().encode())
