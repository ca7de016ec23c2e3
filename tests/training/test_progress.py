"""The progress bar of a stage tells where the run stands."""

from collections.abc import Callable
from typing import Any

import pytest

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
