"""The handlers of both training stages, in the order in which they must run."""

from pathlib import Path
from typing import Any

from ignite.engine import Engine
from monai.handlers import TensorBoardStatsHandler, ValidationHandler
from monai.transforms import Randomizable
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from srs_monai.training.average_weights import AverageWeights
from srs_monai.training.checkpoint import StageCheckpoint
from srs_monai.training.epoch_log import EpochLog
from srs_monai.training.epoch_progress import Progress
from srs_monai.training.schedule import ScheduleSteps
from srs_monai.training.seeding import SeedEpochs
from srs_monai.training.step_losses import StepLosses, write_losses


class StageHandlers:
    """Trainer handler: seed each epoch, step the learning rate, validate, then show, log and keep the epoch.

    It attaches `SeedEpochs`, `StepLosses`, `ScheduleSteps`, MONAI's `ValidationHandler`, `Progress`, TensorBoard (of
    the trainer and the evaluator), `EpochLog` and `StageCheckpoint`.

    Args:
        name: name of the stage.
        folder: folder for last.pt, epochs.csv and tensorboard/.
        best_file: file for the network's best weights.
        network, optimizer, scheduler: the trained parts.
        dataloader: loader of the training set, with an `EpochSampler`.
        augmentation: random transforms of its batches.
        evaluator: validates every `val_interval` epochs; its key metric chooses the weights.
        seed: seed of the run.
        val_interval: number of epochs between validations.
        maximize, patience, resume: see `StageCheckpoint`.
        average_decay: decay of `AverageWeights`, whose average is validated and saved in place of the weights; None:
            there is no average.

    Raises:
        ValueError: as the handlers do.
    """

    def __init__(
        self,
        name: str,
        folder: str | Path,
        best_file: str | Path,
        *,
        network: nn.Module,
        optimizer: Optimizer,
        scheduler: LRScheduler,
        dataloader: DataLoader[Any],
        augmentation: Randomizable | None,
        evaluator: Engine,
        seed: int,
        val_interval: int = 1,
        maximize: bool = True,
        patience: int | None = None,
        resume: bool = False,
        average_decay: float | None = None,
    ) -> None:
        folder = Path(folder)
        tensorboard = str(folder / "tensorboard")
        average = None if average_decay is None else AverageWeights(network, average_decay)
        if average is not None:
            evaluator.network = average.network
        self.handlers = (
            *([] if average is None else [average]),
            SeedEpochs(seed, dataloader, augmentation),
            StepLosses(),
            ScheduleSteps(scheduler),
            ValidationHandler(val_interval, evaluator),
            Progress(name, evaluator),
            TensorBoardStatsHandler(log_dir=tensorboard, iteration_log=False, epoch_event_writer=write_losses),
            EpochLog(folder / "epochs.csv", optimizer, evaluator),
            StageCheckpoint(
                folder / "last.pt",
                best_file,
                network,
                optimizer,
                scheduler,
                evaluator,
                seed=seed,
                maximize=maximize,
                patience=patience,
                resume=resume,
                average=average,
            ),
        )
        TensorBoardStatsHandler(log_dir=tensorboard, iteration_log=False).attach(evaluator)

    def attach(self, engine: Engine) -> None:
        """Attach all handlers to the trainer."""
        for handler in self.handlers:
            handler.attach(engine)
