"""The temperature of every layer follows from the epoch alone."""

import math

import pytest
from ignite.engine import Engine
from torch import nn

from srs_monai.networks import DyConv, MAGICConv
from srs_monai.training import LowerTemperature


def test_it_falls_to_the_lowest_and_a_resumed_run_goes_on() -> None:
    network = nn.Sequential(DyConv(16, 16), nn.Sequential(MAGICConv(16, 16)), nn.Conv2d(16, 16, 1))
    seen: list[tuple[float, float]] = []
    engine = Engine(lambda engine, batch: seen.append((network[0].temperature, network[1][0].temperature)))
    LowerTemperature(network, start=4.0, step=1.5, lowest=0.5).attach(engine)
    engine.run([0], max_epochs=4)
    assert seen == [(4.0, 4.0), (2.5, 2.5), (1.0, 1.0), (0.5, 0.5)]


@pytest.mark.parametrize(
    "numbers", [{"step": -1.0}, {"lowest": 0.0}, {"start": 1.0, "lowest": 2.0}, {"step": math.nan}, {"start": math.inf}]
)
def test_numbers_outside_their_range_are_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="got start"):
        LowerTemperature(DyConv(16, 16), **numbers)


def test_a_network_without_one_is_refused() -> None:
    with pytest.raises(ValueError, match="Conv2d has none"):
        LowerTemperature(nn.Conv2d(1, 1, 1))
