"""Learning-rate schedules over all steps of the trainer."""

import logging
import math
from typing import Any

from ignite.engine import Engine, Events
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

logger = logging.getLogger(__name__)


class DecayOverRun(LambdaLR):
    """Decay the learning rate to 0 over a run, with one call of `step()` after each optimizer step.

    The rate of a step is a closed form of its number, so a resumed run may be made longer.

    Args:
        optimizer: its base rates are scaled.
        total_steps: number of optimizer steps in the whole run, above 0; None: `ScheduleSteps` takes it from the
            trainer.

    Raises:
        ValueError: if total_steps is not above 0, or `step()` is called before it is known.
    """

    def __init__(self, optimizer: Optimizer, total_steps: int | None = None) -> None:
        if total_steps is not None:
            _check_steps(total_steps)
        self.total_steps = total_steps
        super().__init__(optimizer, lambda step: self._factor(step))

    def shape(self, share: float) -> float:
        """The factor of the base rate after a share of the run, from 0 to 1."""
        raise NotImplementedError

    def stretch(self, total_steps: int) -> None:
        """Change the number of total steps; the next step already uses it."""
        _check_steps(total_steps)
        if total_steps == self.total_steps:
            return
        if self.total_steps is not None:
            logger.warning(
                "the learning rate now decays to 0 over %d steps, before over %d: the run has become %s",
                total_steps,
                self.total_steps,
                "longer" if total_steps > self.total_steps else "shorter",
            )
        self.total_steps = total_steps
        self._last_lr = [base * self._factor(self.last_epoch) for base in self.base_lrs]
        for group, rate in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            group["lr"] = rate

    def state_dict(self) -> dict[str, Any]:
        """The state without total_steps and power, because a resumed run has its own values."""
        return {name: value for name, value in super().state_dict().items() if name not in ("total_steps", "power")}

    def _factor(self, step: int) -> float:
        if step <= 1:
            return 1.0
        if self.total_steps is None:
            raise ValueError(
                f"{type(self).__name__} needs total_steps, got none; give total_steps, or add the handler "
                "ScheduleSteps to the trainer"
            )
        return self.shape(min(1.0, (step - 1) / self.total_steps))


class PolynomialDecay(DecayOverRun):
    """The rate of step k (from 0) is `base * (1 - max(k - 1, 0) / total_steps) ** power`.

    The release sets the rate after a step from the number of that step, so steps 0 and 1 both use the base rate.

    Args:
        optimizer, total_steps: see `DecayOverRun`.
        power: exponent, above 0.

    Raises:
        ValueError: if power is not above 0, and as in `DecayOverRun`.

    Source: SRS, IEEE TIP 2025, as released.
    """

    def __init__(self, optimizer: Optimizer, total_steps: int | None = None, power: float = 0.9) -> None:
        if power <= 0:
            raise ValueError(f"the power of a polynomial decay must be above 0; got {power}; use 0.9, for example")
        self.power = power
        super().__init__(optimizer, total_steps)

    def shape(self, share: float) -> float:
        return float((1 - share) ** self.power)


class CosineDecay(DecayOverRun):
    """The rate follows half a cosine wave from the base rate to 0. The arguments are those of `DecayOverRun`."""

    def shape(self, share: float) -> float:
        return (1 + math.cos(math.pi * share)) / 2


class ScheduleSteps:
    """Trainer handler: step the learning-rate schedule after every optimizer step.

    At the start of an epoch, a `DecayOverRun` gets its length from the trainer: the steps so far plus the remaining
    steps. So only the trainer's `max_epochs` counts, whoever sets it: `epochs` of the configuration, MONAI's own name
    `train#trainer#max_epochs`, or a program that trains in rounds.

    Args:
        lr_scheduler: a schedule with `step()`; schedules of other classes keep their own length.
    """

    def __init__(self, lr_scheduler: LRScheduler) -> None:
        self.lr_scheduler = lr_scheduler

    def attach(self, engine: Engine) -> None:
        """Follow the trainer's run."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._measure)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._step)

    def _measure(self, engine: Engine) -> None:
        if isinstance(self.lr_scheduler, DecayOverRun):
            to_come = engine.state.max_epochs * engine.state.epoch_length - engine.state.iteration
            self.lr_scheduler.stretch(int(self.lr_scheduler.last_epoch + to_come))

    def _step(self) -> None:
        self.lr_scheduler.step()


def _check_steps(total_steps: int) -> None:
    if total_steps <= 0:
        raise ValueError(
            f"total_steps of a learning-rate schedule must be at least 1, got {total_steps}; "
            "give training images and at least one epoch"
        )
