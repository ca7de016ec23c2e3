"""A stage keeps its best weights and can go on from its last epoch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events

from srs_monai.training import StageCheckpoint


def checkpoint(run: Any, folder: Path, **options: Any) -> StageCheckpoint:
    parts = (run.network, run.optimizer, run.scheduler, run.scores)
    return StageCheckpoint(folder / "last.pt", folder / "best.pt", *parts, **{"seed": 0, **options})


@pytest.mark.parametrize(("maximize", "best_epoch"), [(True, 2), (False, 3)])
def test_the_best_weights_are_those_of_the_best_score(
    tmp_path: Path, tiny_run: Callable[..., Any], maximize: bool, best_epoch: int
) -> None:
    run = tiny_run([float("nan"), 0.8, 0.1], 3)
    run.train(checkpoint(run, tmp_path, maximize=maximize))
    twin = tiny_run([0.0] * best_epoch, best_epoch)
    twin.train()
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    torch.testing.assert_close(best, dict(twin.network.state_dict()), rtol=0, atol=0)
    assert torch.load(tmp_path / "last.pt", weights_only=True)["best_epoch"] == best_epoch


def test_a_broken_and_resumed_run_equals_an_unbroken_one(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    whole = tiny_run([0.1, 0.9, 0.2, 0.3], 4)
    whole.train(checkpoint(whole, tmp_path / "whole"))
    first = tiny_run([0.1, 0.9], 2)
    first.train(checkpoint(first, tmp_path / "broken"))
    second = tiny_run([0.2, 0.3], 4)
    trainer = second.train(checkpoint(second, tmp_path / "broken", resume=True))
    assert trainer.state.epoch == 4
    for name in ("last.pt", "best.pt"):
        expected, got = (torch.load(tmp_path / way / name, weights_only=True) for way in ("whole", "broken"))
        torch.testing.assert_close(got, expected, rtol=0, atol=0)


class ScaleGradients:
    """Handler that gives the trainer a gradient scaler when it is run, as MONAI's does in mixed precision."""

    def __init__(self, scale: float) -> None:
        self.scaler = torch.amp.GradScaler("cpu", init_scale=scale)

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.STARTED, lambda: setattr(engine, "scaler", self.scaler))


def test_the_gradient_scaler_goes_on_too(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    first, second = ScaleGradients(128.0), ScaleGradients(65536.0)
    run = tiny_run([0.1], 1)
    run.train(first, checkpoint(run, tmp_path))
    again = tiny_run([0.2], 2)
    again.train(second, checkpoint(again, tmp_path, resume=True))
    assert second.scaler.get_scale() == 128.0


def test_a_run_at_its_end_is_not_trained_again(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    run = tiny_run([0.1, 0.2], 2)
    run.train(checkpoint(run, tmp_path))
    again = tiny_run([], 2)
    assert again.train(checkpoint(again, tmp_path, resume=True)).state.epoch == 2


def by_metric(run: Any, name: str) -> Any:
    """Give a tiny run's validation score another name."""
    run.scores.state.key_metric_name = name
    run.scores.validate = lambda: (
        run.scores.state.metrics.update({name: next(run.scores.values)}),
        run.scores.fire_event(Events.COMPLETED),
    )
    return run


def resume_older(folder: Path, tiny_run: Callable[..., Any], scores: list[float], **options: Any) -> Any:
    """Go on for three epochs, by pooled_iou, with a run whose file holds the score of its two epochs alone."""
    run = tiny_run([0.5, 0.4], 2)
    run.train(checkpoint(run, folder))
    state = torch.load(folder / "last.pt", weights_only=True)
    torch.save(state | {"best_score": 0.5}, folder / "last.pt")
    name = "pooled_iou" if options.get("maximize", True) else "mean_squared_error"
    again = by_metric(tiny_run(scores, 2 + len(scores)), name)
    return again.train(checkpoint(again, folder, resume=True, **options))


def test_the_best_of_a_run_that_was_measured_otherwise_is_not_compared(
    tmp_path: Path, tiny_run: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    trainer = resume_older(tmp_path, tiny_run, [float("nan"), 0.1, 0.09])
    assert "chosen by mean_iou, which cannot be compared with pooled_iou" in caplog.text
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    assert (state["best_score"], state["best_epoch"]) == ({"pooled_iou": 0.1}, 4)
    assert "epoch 4, the best by its validation pooled_iou of 0.1 (IoU of each class" in trainer.state.best


def test_such_a_run_at_its_end_keeps_its_best(
    tmp_path: Path, tiny_run: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert "epoch 1, the best by its validation mean_iou of 0.5" in resume_older(tmp_path, tiny_run, []).state.best
    assert "cannot be compared" not in caplog.text


def test_a_reconstruction_of_an_older_run_is_compared(
    tmp_path: Path, tiny_run: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    resume_older(tmp_path, tiny_run, [0.6], maximize=False)
    assert "cannot be compared" not in caplog.text
    assert torch.load(tmp_path / "last.pt", weights_only=True)["best_score"] == {"mean_squared_error": 0.5}


def test_a_run_goes_on_by_the_metric_that_it_began_with(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    run = by_metric(tiny_run([0.5], 1), "pooled_iou")
    run.train(checkpoint(run, tmp_path))
    other = by_metric(tiny_run([0.6], 2), "pooled_dice")
    with pytest.raises(
        ValueError, match="has pooled_iou and this run has pooled_dice; give --selection_metric pooled_iou"
    ):
        other.train(checkpoint(other, tmp_path, resume=True))


def test_training_stops_when_patience_is_over_and_stays_stopped(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    run = tiny_run([0.5, 0.4, 0.3, 0.9], 4)
    assert run.train(checkpoint(run, tmp_path, patience=2)).state.epoch == 3
    again = tiny_run([0.9], 4)
    assert again.train(checkpoint(again, tmp_path, patience=2, resume=True)).state.epoch == 3


@pytest.mark.parametrize(("items", "seed", "text"), [(4, 1, "first seed"), (6, 0, "first epoch_length")])
def test_another_run_is_refused(tmp_path: Path, tiny_run: Callable[..., Any], items: int, seed: int, text: str) -> None:
    run = tiny_run([0.1], 1)
    run.train(checkpoint(run, tmp_path))
    other = tiny_run([0.1], 2, items)
    with pytest.raises(ValueError, match=text):
        other.train(checkpoint(other, tmp_path, seed=seed, resume=True))


def test_another_network_is_refused(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    run = tiny_run([0.1], 1)
    run.train(checkpoint(run, tmp_path))
    other = tiny_run([0.1], 2)
    other.network = torch.nn.Conv2d(1, 1, 3)
    with pytest.raises(
        ValueError,
        match=r"last\.pt .*: 'weight' is \(1, 1, 1, 1\) in the file and \(1, 1, 3, 3\) in Conv2d",
    ):
        other.train(checkpoint(other, tmp_path, resume=True))


def test_another_kind_of_file_is_refused(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    run = tiny_run([0.1], 1)
    run.train(checkpoint(run, tmp_path))
    torch.save(run.network.state_dict(), tmp_path / "last.pt")
    with pytest.raises(ValueError, match=r"last\.pt .*output_dir"):
        run.train(checkpoint(run, tmp_path, resume=True))


def test_patience_must_be_above_zero(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"patience .* got 0"):
        checkpoint(tiny_run([], 1), tmp_path, patience=0)
