"""The progress bar of a stage tells where the run stands."""

from collections.abc import Callable
from typing import Any

import pytest
from ignite.engine import Events

from srs_monai.training import Progress


def test_the_bar_ends_full_with_epoch_loss_and_score(
    tiny_run: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny_run([0.25, 0.5, 0.75], 3)
    run.train(Progress("segmentation", run.scores))
    last = capsys.readouterr().err.strip().split("\r")[-1]
    assert last.startswith("segmentation: 100%")
    assert "6/6" in last
    assert "epoch=3/3, loss=" in last
    assert "score=0.5000" in last  # the third validation comes after the last step


def test_a_failure_closes_the_bar_and_goes_on_its_way(
    tiny_run: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    class Fail:
        def attach(self, engine: Any) -> None:
            engine.add_event_handler(Events.EPOCH_COMPLETED, self)

        def __call__(self) -> None:
            raise ValueError("no more")

    run = tiny_run([0.5], 1)
    bar = Progress("segmentation", run.scores)
    with pytest.raises(ValueError, match="no more"):
        run.train(bar, Fail())
    assert bar.bar.disable, "a closed bar draws nothing more"
    assert capsys.readouterr().err.endswith("\n")
