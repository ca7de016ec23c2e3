"""The progress bar of an evaluation counts its cases."""

import pytest
import torch
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator

from srs_monai.evaluation import CaseProgress


def evaluator(bar: CaseProgress, network: torch.nn.Module) -> SupervisedEvaluator:
    items = [{"image": torch.zeros(1, 2, 2), "label": torch.zeros(1, 2, 2)}] * 3
    loader = DataLoader(Dataset(items), batch_size=1)
    return SupervisedEvaluator(torch.device("cpu"), loader, network=network, val_handlers=[bar])


def test_the_bar_ends_full(capsys: pytest.CaptureFixture[str]) -> None:
    evaluator(CaseProgress(), torch.nn.Identity()).run()
    last = capsys.readouterr().err.strip().split("\r")[-1]
    assert last.startswith("evaluating: 100%")
    assert "3/3" in last


def test_a_failure_closes_the_bar_and_goes_on_its_way() -> None:
    bar = CaseProgress()
    with pytest.raises(RuntimeError):
        evaluator(bar, torch.nn.Conv2d(2, 1, 1)).run()
    assert bar.bar.disable, "a closed bar draws nothing more"
