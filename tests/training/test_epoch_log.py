"""The CSV of a stage tells what happened, epoch by epoch."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Events

from srs_monai.training import EpochLog, StageCheckpoint


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_holds_mean_loss_rate_and_validation(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    run = tiny_run([0.25, 0.5], 2)
    losses: list[float] = []

    class Note:
        def attach(self, engine: Any) -> None:
            engine.add_event_handler(Events.ITERATION_COMPLETED, lambda e: losses.append(e.state.output["loss"].item()))

    run.train(Note(), EpochLog(tmp_path / "epochs.csv", run.optimizer, run.scores))
    rows = read(tmp_path / "epochs.csv")
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert [float(row["validation_score"]) for row in rows] == [0.25, 0.5]
    assert [float(row["loss"]) for row in rows] == pytest.approx([sum(losses[:2]) / 2, sum(losses[2:]) / 2])
    assert float(rows[0]["learning_rate"]) == 0.1


def test_rows_past_the_resumed_epoch_are_dropped(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    def go(values: list[float], epochs: int, resume: bool) -> None:
        run = tiny_run(values, epochs)
        log = EpochLog(tmp_path / "epochs.csv", run.optimizer, run.scores)
        parts = (run.network, run.optimizer, run.scheduler, run.scores)
        run.train(log, StageCheckpoint(tmp_path / "last.pt", tmp_path / "best.pt", *parts, seed=0, resume=resume))

    go([0.1], 1, False)
    with (tmp_path / "epochs.csv").open("a") as file:
        file.write("2,0.1,9.0,1.0,0.9\n")  # an epoch whose checkpoint was never written
    go([0.2, 0.3], 3, True)
    assert [(row["epoch"], row["validation_score"]) for row in read(tmp_path / "epochs.csv")] == [
        ("1", "0.1"),
        ("2", "0.2"),
        ("3", "0.3"),
    ]


def test_a_loss_that_is_not_finite_ends_the_run(tmp_path: Path, tiny_run: Callable[..., Any]) -> None:
    run = tiny_run([0.1], 1)
    torch.nn.init.constant_(run.network.weight, float("nan"))
    with pytest.raises(ValueError, match="epoch 1 has nan; lower learning_rate"):
        run.train(EpochLog(tmp_path / "epochs.csv", run.optimizer, run.scores))
