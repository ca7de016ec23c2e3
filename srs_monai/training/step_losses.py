"""The losses of an epoch's steps, which stay on their device until the epoch has ended."""

from typing import Any

import torch
from ignite.engine import Engine, Events
from torch import Tensor

TAG = "train_loss"


class StepLosses:
    """Trainer handler: give the trainer's state `step_losses`, the list of an epoch's losses, when the epoch has ended.

    A loss that is read makes the host wait until the device has computed it; here that happens once an epoch. For a
    trainer with `decollate=False`: MONAI reads each loss where it takes batches apart. Attach it before what reads
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
    """Write an epoch's losses to TensorBoard, step by step: `epoch_event_writer` of MONAI's TensorBoardStatsHandler.

    Args:
        engine: a trainer with `StepLosses`.
        writer: of TensorBoard's summaries.
    """
    losses = engine.state.step_losses
    for step, loss in enumerate(losses, engine.state.iteration - len(losses) + 1):
        writer.add_scalar(TAG, loss, step)
    writer.flush()
