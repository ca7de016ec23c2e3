"""Gradients are clamped after they are known and before they are used."""

import pytest
import torch
from monai.engines import SupervisedTrainer
from torch import nn

from srs_monai.training import ClampGradients


def test_the_step_is_that_of_the_clamped_gradient() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=[{"image": torch.full((1, 1), 10.0), "label": torch.full((1, 1), 100.0)}],
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=1.0),
        loss_function=nn.MSELoss(),
        train_handlers=[ClampGradients(network, bound=0.5)],
    )
    trainer.run()
    assert network.weight.item() == 0.5


def test_a_bound_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0, got 0"):
        ClampGradients(nn.Linear(1, 1), bound=0)
