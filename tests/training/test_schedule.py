"""The learning rate follows the released rule, over the steps that the trainer makes."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events

from srs_monai.training import CosineDecay, PolynomialDecay, ScheduleSteps, StageCheckpoint


def optimizer() -> torch.optim.SGD:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)


def rates(total: int, steps: int, power: float = 0.9) -> list[float]:
    sgd = optimizer()
    scheduler = PolynomialDecay(sgd, total, power)
    seen = []
    for _ in range(steps):
        seen.append(sgd.param_groups[0]["lr"])
        sgd.step()
        scheduler.step()
    return seen


def test_steps_zero_and_one_use_the_base_rate_and_later_ones_lag_by_a_step() -> None:
    assert rates(10, 4) == pytest.approx([0.01, 0.01, 0.01 * 0.9**0.9, 0.01 * 0.8**0.9])


def test_the_rate_after_the_last_step_is_never_negative() -> None:
    assert rates(2, 5)[-2:] == [0.0, 0.0]


def test_a_scheduler_goes_on_from_its_state_under_another_length() -> None:
    sgd = optimizer()
    scheduler = PolynomialDecay(sgd, 100)
    scheduler.load_state_dict({**PolynomialDecay(sgd, 10, 2.0).state_dict(), "last_epoch": 4})
    sgd.step()
    scheduler.step()
    assert sgd.param_groups[0]["lr"] == pytest.approx(0.01 * (1 - 4 / 100) ** 0.9)


@pytest.mark.parametrize(("total", "power", "text"), [(0, 0.9, "total_steps .* got 0"), (5, 0, "power .* got 0")])
def test_senseless_settings_are_refused(total: int, power: float, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        rates(total, 1, power)


def test_a_length_that_nobody_gives_is_asked_for() -> None:
    sgd = optimizer()
    scheduler = PolynomialDecay(sgd)
    sgd.step()
    scheduler.step()  # steps 0 and 1 use the base rate whatever the length
    sgd.step()
    with pytest.raises(ValueError, match="ScheduleSteps"):
        scheduler.step()


def decay(total: int, steps: range) -> list[float]:
    return [0.1 * (1 - max(step - 1, 0) / total) ** 0.9 for step in steps]


class Rates:
    """Handler that notes the rate of every optimizer step."""

    def __init__(self, scheduler: PolynomialDecay) -> None:
        self.scheduler = scheduler
        self.seen: list[float] = []

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.ITERATION_STARTED, self._note)

    def _note(self) -> None:
        self.seen.append(self.scheduler.optimizer.param_groups[0]["lr"])


def scheduled(run: Any, total_steps: int | None = None) -> tuple[PolynomialDecay, Rates]:
    run.scheduler = PolynomialDecay(run.optimizer, total_steps)
    return run.scheduler, Rates(run.scheduler)


@pytest.mark.parametrize("total_steps", [None, 2, 100])
def test_the_trainer_says_how_many_steps_there_are(tiny_run: Callable[..., Any], total_steps: int | None) -> None:
    run = tiny_run([0.0] * 3, 3)
    scheduler, note = scheduled(run, total_steps)
    run.train(ScheduleSteps(scheduler), note)
    assert note.seen == pytest.approx(decay(6, range(6)))


def test_more_epochs_given_to_the_trainer_itself_stretch_the_decay(
    tiny_run: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    run = tiny_run([0.0] * 6, 1)
    scheduler, note = scheduled(run)
    trainer = run.train(ScheduleSteps(scheduler), note)
    assert not caplog.messages
    trainer.state.max_epochs = trainer.state.epoch + 2  # as a program does that trains in rounds
    trainer.run()
    assert note.seen == pytest.approx(decay(2, range(2)) + decay(6, range(2, 6)))
    assert "over 6 steps, before over 2" in caplog.text
    trainer.run()  # ignite counts a run from its start where it had come to its end
    assert len(note.seen) == 12
    assert min(note.seen) > 0


def test_a_resumed_and_longer_run_decays_as_one_of_that_length(tmp_path: Any, tiny_run: Callable[..., Any]) -> None:
    seen = []
    for epochs in (2, 4):
        run = tiny_run([0.0] * 2, epochs)
        scheduler, note = scheduled(run)
        parts = (run.network, run.optimizer, scheduler, run.scores)
        keep = StageCheckpoint(tmp_path / "last.pt", tmp_path / "best.pt", *parts, seed=0, resume=True)
        run.train(ScheduleSteps(scheduler), note, keep)
        seen += note.seen
    assert seen == pytest.approx(decay(4, range(4)) + decay(8, range(4, 8)))


def test_another_schedule_is_stepped_as_it_is(tiny_run: Callable[..., Any]) -> None:
    run = tiny_run([0.0], 1)
    run.train(ScheduleSteps(torch.optim.lr_scheduler.StepLR(run.optimizer, 1, gamma=0.5)))
    assert run.optimizer.param_groups[0]["lr"] == pytest.approx(0.1 / 4)


def test_the_cosine_falls_from_the_base_rate_to_nothing() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    scheduler = CosineDecay(optimizer, total_steps=4)
    rates = []
    for _ in range(6):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    half = 0.25 * (1 + 0.5**0.5)
    assert rates == pytest.approx([0.5, 0.5, half, 0.25, 0.5 - half, 0.0])
