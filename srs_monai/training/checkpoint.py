"""The files of a training stage: its best weights, and its state after the last epoch, from which it resumes."""

import logging
import math
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from srs_monai.errors import one_line
from srs_monai.files import replacing
from srs_monai.training.average_weights import AverageWeights
from srs_monai.training.validation_score import DEFINITIONS, definition
from srs_monai.weights import check_fit, read_checkpoint, save_weights, tensors_of

logger = logging.getLogger(__name__)

#: metric of the best weights, for a largest or smallest score, in older files that hold only the score
_EARLIER_METRICS = {True: "mean_iou", False: "mean_squared_error"}


class StageCheckpoint:
    """Trainer handler: save the state of the stage after every epoch, and the weights if validation improved.

    Attach it last, so that all other handlers have finished an epoch before it is saved. The random state is the pair
    (seed, epoch): see `SeedEpochs`.

    Args:
        last_file: file of the state after every epoch.
        best_file: file of the network's state dict with the best key metric so far.
        network, optimizer, scheduler: the trained parts.
        evaluator: its key metric decides. The name of the metric is saved with the best score, because scores of
            different metrics are not compared.
        seed: seed of the run; a run resumes only with the seed that it started with.
        maximize: a larger metric is better.
        patience: number of epochs without improvement after which training stops; None: never.
        resume: continue from `last_file` if it exists.
        average: an average of the network's weights, saved in place of the weights.

    Raises:
        ValueError: if patience is not above 0, or `last_file` belongs to another run (other seed, other number of
            steps in an epoch, other key metric) or another network.
    """

    def __init__(
        self,
        last_file: str | Path,
        best_file: str | Path,
        network: nn.Module,
        optimizer: Optimizer,
        scheduler: LRScheduler,
        evaluator: Engine,
        *,
        seed: int,
        maximize: bool = True,
        patience: int | None = None,
        resume: bool = False,
        average: AverageWeights | None = None,
    ) -> None:
        if patience is not None and patience <= 0:
            raise ValueError(
                f"patience must be a number of epochs above 0, or null for no early stopping; got {patience}"
            )
        self.last_file, self.best_file = Path(last_file), Path(best_file)
        self.parts: dict[str, Any] = {"network": network, "optimizer": optimizer, "scheduler": scheduler}
        self.kept = network if average is None else average.network
        if average is not None:
            self.parts["average"] = average.network
        self.evaluator, self.seed, self.maximize = evaluator, seed, maximize
        self.patience, self.resume = patience, resume
        self.best_score, self.best_epoch = -math.inf if maximize else math.inf, 0
        self.metric = str(evaluator.state.key_metric_name)  # the metric of best_score
        self.validated = False
        self.scaler_state: dict[str, Any] = {}

    def attach(self, engine: Engine) -> None:
        """Register with the trainer, and restore the state in `last_file` if the run is resumed."""
        if self.resume and self.last_file.is_file():
            self._restore(engine)
        self.evaluator.add_event_handler(Events.COMPLETED, self._note_validation)
        engine.add_event_handler(Events.STARTED, self._take_scaler)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._keep)
        # also at the start: a run that stopped early stays stopped after resuming
        engine.add_event_handler(Events.STARTED | Events.EPOCH_COMPLETED, self._stop_early)
        self._describe_best(engine)

    def _take_scaler(self, engine: Engine) -> None:
        """Add the gradient scaler of mixed precision to the parts. MONAI's trainer creates a new one for each run."""
        scaler = getattr(engine, "scaler", None)
        if scaler is None:
            return
        if self.scaler_state:
            scaler.load_state_dict(self.scaler_state)
        self.parts["scaler"] = scaler

    def _note_validation(self) -> None:
        self.validated = True

    def _keep(self, engine: Engine) -> None:
        epoch = engine.state.epoch
        if self.validated and self._improved():
            self.best_epoch = epoch
            save_weights(self.kept.state_dict(), self.best_file)
        self.validated = False
        state = {name: part.state_dict() for name, part in self.parts.items()}
        facts = {"epoch": epoch, "epoch_length": engine.state.epoch_length, "seed": self.seed}
        best = {"best_score": {self.metric: self.best_score}, "best_epoch": self.best_epoch}
        with replacing(self.last_file) as temporary:
            torch.save({**state, **facts, **best}, temporary)
        self._describe_best(engine)

    def _describe_best(self, engine: Engine) -> None:
        """Store a description of the best epoch in the trainer's state, for the last message of a stage."""
        score = f"{self.metric} of {self.best_score:.4g}{definition(self.metric)}"
        engine.state.best = f"epoch {self.best_epoch}, the best by its validation {score}"

    def _stop_early(self, engine: Engine) -> None:
        if self.patience is not None and engine.state.epoch - self.best_epoch >= self.patience:
            logger.info("stopping early: no improvement since epoch %d", self.best_epoch)
            engine.terminate()

    def _improved(self) -> bool:
        metric = self.evaluator.state.key_metric_name
        score = float(self.evaluator.state.metrics[metric])
        worst = -math.inf if self.maximize else math.inf
        best = self.best_score if metric == self.metric else worst
        # comparisons with nan are false, so nan is never the best score
        better = score > best if self.maximize else score < best
        if better:
            self.best_score, self.metric = score, metric
        return better

    def _restore(self, engine: Engine) -> None:
        state = read_checkpoint(self.last_file)
        facts = {"seed", "epoch", "epoch_length", "best_score", "best_epoch"}
        if not isinstance(state, dict) or not {*facts, *self.parts} <= set(state):
            raise ValueError(
                f"a run resumes from the state after its last epoch, but {self.last_file} holds something else; give "
                "the folder of the run as output_dir, or start again with --overwrite true"
            )
        for fact, value in {"seed": self.seed, "epoch_length": engine.state.epoch_length}.items():
            if state[fact] != value:
                raise ValueError(
                    f"a run resumes only with its first {fact}, but {self.last_file} has {state[fact]} and this run "
                    f"has {value}; give the same data, batch size and seed, or another output_dir"
                )
        best = state["best_score"]
        metric, score = next(iter(best.items())) if isinstance(best, dict) else (_EARLIER_METRICS[self.maximize], best)
        if metric != self.metric:
            self._reject_or_warn(metric, finished=state["epoch"] >= engine.state.max_epochs)
        network = tensors_of(state["network"], f"the network of {self.last_file}", wrapper="model")
        check_fit(self.parts["network"], network, self.last_file)
        try:
            for name, part in self.parts.items():
                part.load_state_dict(state[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise ValueError(
                f"{self.last_file} does not fit this run's {name}: {one_line(error)}; give the first settings of the "
                "run, or another output_dir"
            ) from error
        self.scaler_state = state.get("scaler", {})
        self.metric, self.best_score, self.best_epoch = metric, score, state["best_epoch"]
        engine.load_state_dict(
            {
                "epoch": state["epoch"],
                "epoch_length": state["epoch_length"],
                "max_epochs": max(state["epoch"], engine.state.max_epochs),
            }
        )
        logger.info("resuming after epoch %d of %s", state["epoch"], self.last_file)

    def _reject_or_warn(self, metric: str, *, finished: bool) -> None:
        """Reject another metric than that of the best weights; warn if that metric no longer exists."""
        if metric in DEFINITIONS:
            raise ValueError(
                f"a run resumes only with the metric of its best weights, but {self.last_file} has {metric} and this "
                f"run has {self.metric}; give --selection_metric {metric}, or another output_dir"
            )
        if not finished:
            logger.warning(
                "%s: the best weights so far were chosen by %s, which cannot be compared with %s; the best weights by "
                "%s of the next epochs will replace them: keep a copy of %s if you need them",
                self.last_file,
                metric,
                self.metric,
                self.metric,
                self.best_file,
            )
