"""The losses of the steps of an epoch, which stay on their device until the epoch ends."""

from typing import Any

import torch
from ignite.engine import Engine, Events
from torch import Tensor

TAG = "train_loss"


class StepLosses:
    """Trainer handler: set `step_losses` in the trainer's state, the list of losses, at the end of each epoch.

    Reading a loss makes the host wait for the device; this handler waits only once in each epoch. Use it with a trainer
    with `decollate=False`, since MONAI reads each loss when it decollates batches. Attach it before handlers that read
    `step_losses` (`EpochLog`, `write_losses`).
    """

    def __init__(self) -> None:
        self.losses: list[Tensor] = []

    def attach(self, engine: Engine) -> None:
        """Follow the trainer's run."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._add)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._read)

    def _start(self) -> None:
        self.losses = []

    def _add(self, engine: Engine) -> None:
        self.losses.append(engine.state.output["loss"].detach())

    def _read(self, engine: Engine) -> None:
        engine.state.step_losses = torch.stack(self.losses).tolist()


def write_losses(engine: Engine, writer: Any) -> None:
    """Write the losses of an epoch to TensorBoard, as `epoch_event_writer` of MONAI's TensorBoardStatsHandler.

    Args:
        engine: a trainer with `StepLosses`.
        writer: a TensorBoard summary writer.
    """
    losses = engine.state.step_losses
    for step, loss in enumerate(losses, engine.state.iteration - len(losses) + 1):
        writer.add_scalar(TAG, loss, step)
    writer.flush()
