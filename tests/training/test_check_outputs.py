"""Validation ends with an error where the network gives nan."""

import math

import pytest
import torch
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator
from monai.transforms import AsDiscreted

from srs_monai.training import CheckOutputs


def evaluator(*values: float) -> SupervisedEvaluator:
    """An evaluator of a network that hands on its images, each of one value."""
    images = [{"image": torch.full((1, 2, 2), value), "label": torch.zeros(1, 2, 2)} for value in values]
    return SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(Dataset(images), batch_size=1),
        network=torch.nn.Identity(),
        postprocessing=AsDiscreted("pred", threshold=0.5),
        val_handlers=[CheckOutputs()],
    )


def test_nan_ends_the_run() -> None:
    with pytest.raises(ValueError, match="gave nan for validation images"):
        evaluator(0.0, math.nan, 1.0).run()


def test_infinity_is_a_sure_answer() -> None:
    for _ in range(2):
        evaluator(0.0, math.inf, -math.inf).run()
