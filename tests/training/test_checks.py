"""A run that cannot go well is rejected before it starts; one whose network gives nan ends."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator
from monai.transforms import AsDiscreted
from torch import nn
from torch._dynamo.utils import counters

from srs_monai.environment import cannot_compile
from srs_monai.networks import SRSNet
from srs_monai.training import CheckOutputs, check_compiler, check_epochs, check_network, run_stage


@pytest.mark.parametrize("epochs", [0, -3, 2.5, "3", True, None, float("nan"), float("inf"), [3]])
def test_a_stage_has_a_whole_number_of_epochs_above_zero(epochs: Any) -> None:
    with pytest.raises(ValueError, match=r"got reconstruction_epochs .*; give --reconstruction_epochs"):
        check_epochs(epochs, name="reconstruction_epochs")
    check_epochs(epochs, skip=True)


@pytest.mark.parametrize("interval", [0, -1, 0.5, "1"])
def test_validation_comes_every_whole_number_of_epochs(interval: Any) -> None:
    with pytest.raises(ValueError, match=f"val_interval .* got {interval!r}"):
        check_epochs(4, val_interval=interval)


def test_a_stage_lives_to_see_a_validation() -> None:
    check_epochs(4.0, val_interval=4)
    with pytest.raises(ValueError, match=r"epochs 4 .* val_interval 5"):
        check_epochs(4, val_interval=5)


def test_nothing_is_compiled_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", None)
    check_compiler("cpu", wanted=False)


def test_a_missing_compiler_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ValueError, match=r"torch\.compile needs a C\+\+ compiler.*omit compile"):
        check_compiler("cpu")


def test_a_compiled_stage_has_the_same_weights_under_the_same_names(
    tiny_run: Callable[..., Any], tmp_path: Path
) -> None:
    def weights(compiled: bool) -> dict[str, torch.Tensor]:
        run = tiny_run([0.1] * 5, 5, items=7)
        keep = tmp_path / "best.pt"
        torch.save({}, keep)
        run_stage(run.trainer(), best=keep, result=keep, compiled=compiled)
        return dict(run.network.state_dict())

    if reason := cannot_compile("cpu"):
        pytest.skip(f"torch.compile {reason}")
    torch.compiler.reset()
    counters.clear()
    torch.testing.assert_close(weights(compiled=True), weights(compiled=False))
    # batches of 2, 2, 2 and 1 images: torch makes one version of each size, not one an epoch
    assert counters["stats"]["unique_graphs"] == 2


def test_a_network_that_fits_passes_and_stays_as_it_is() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.BatchNorm2d(2)).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    check_network(network, 3, 2, (8, 16))
    check_network(nn.Identity(), 3, 3, (8, 16))  # of no parameters
    assert network.training
    torch.testing.assert_close(dict(network.state_dict()), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("network", "text"),
    [
        (nn.Conv2d(3, 2, 1), r"gives \(1, 2, 8, 16\) in place of \(1, 1, 8, 16\); make network_def"),
        (nn.Conv2d(3, 1, 3), r"gives \(1, 1, 6, 14\) in place of \(1, 1, 8, 16\)"),
    ],
)
def test_another_shape_is_refused(network: nn.Module, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        check_network(network, 3, 1, (8, 16))


def test_the_networks_own_refusal_comes_through() -> None:
    network = SRSNet(reconstruction_blocks=(1, 1, 1, 1), segmentation_blocks=(1, 1, 1, 1))
    with pytest.raises(ValueError, match="multiples of 8, got 100 x 100"):
        check_network(network, 3, 1, (100, 100))


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
    with pytest.raises(ValueError, match=r"nan for validation images"):
        evaluator(0.0, math.nan, 1.0).run()


def test_infinity_is_a_sure_answer() -> None:
    for _ in range(2):
        evaluator(0.0, math.inf, -math.inf).run()
