"""The average of the weights follows the network from the first step."""

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from srs_monai.training.average_weights import AverageWeights


def train(network: nn.Module, average: AverageWeights, steps: int) -> list[torch.Tensor]:
    """Weights after each step; each adds 1 to them."""
    met = []

    def step(engine: Engine, batch: int) -> None:
        with torch.no_grad():
            for parameter in network.parameters():
                parameter += 1
        met.append(next(network.parameters()).detach().clone())

    trainer = Engine(step)
    average.attach(trainer)
    trainer.run(range(steps), max_epochs=1)
    return met


def test_it_is_the_moving_average_of_all_steps() -> None:
    network = nn.Conv2d(1, 2, 3, bias=False)
    average = AverageWeights(network, decay=0.5)
    expected, *rest = train(network, average, 5)
    for number, weights in enumerate(rest, 2):
        kept = min(0.5, (1 + number) / (10 + number))
        expected = kept * expected + (1 - kept) * weights
    torch.testing.assert_close(next(average.network.parameters()), expected)


def test_the_first_step_begins_it_and_buffers_are_taken_as_they_are() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    average = AverageWeights(network, decay=0.9)
    with torch.no_grad():
        network[0].weight.fill_(5.0)
        network[1].running_mean.fill_(3.0)  # type: ignore[union-attr, operator]
    train(network, average, 1)
    assert torch.equal(average.network[0].weight, torch.full((2, 1, 3, 3), 6.0))  # type: ignore[index]
    assert average.network[1].running_mean.tolist() == [3.0, 3.0]  # type: ignore[index]
    assert not any(parameter.requires_grad for parameter in average.network.parameters())
    assert not average.network.training


@pytest.mark.parametrize("decay", [0.0, 1.0, 2.0])
def test_decay_is_a_share(decay: float) -> None:
    with pytest.raises(ValueError, match=str(decay)):
        AverageWeights(nn.Conv2d(1, 1, 1), decay)
