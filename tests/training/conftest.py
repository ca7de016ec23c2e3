"""A training run small enough for unit tests, with validation scores that are given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedTrainer
from torch import Tensor, nn

from srs_monai.data import EpochSampler
from srs_monai.training import PolynomialDecay, SeedEpochs, StepLosses


class Scores(Engine):
    """An evaluator whose key metric takes the given values, one a run."""

    def __init__(self, values: list[float]) -> None:
        super().__init__(lambda engine, batch: None)
        self.values = iter(values)
        self.state.metrics = {}
        self.state.key_metric_name = "score"

    def validate(self) -> None:
        self.state.metrics["score"] = next(self.values)
        self.fire_event(Events.COMPLETED)


class Validate:
    """Handler that validates after every epoch."""

    def __init__(self, scores: Scores) -> None:
        self.scores = scores

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.EPOCH_COMPLETED, self.scores.validate)


class Convolution(nn.Conv2d):
    """A network with a forward pass of its own: torch.compile leaves torch's own modules as they are."""

    def forward(self, image: Tensor) -> Tensor:
        return super().forward(image)


@dataclass
class TinyRun:
    """One convolution, two steps an epoch, and the validation scores that are given."""

    scores: Scores
    epochs: int
    items: int = 4

    def __post_init__(self) -> None:
        torch.manual_seed(0)
        self.network = Convolution(1, 1, 1)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.1, momentum=0.9)
        self.scheduler = PolynomialDecay(self.optimizer, 100)
        data = [{"image": torch.full((1, 2, 2), float(i)), "label": torch.ones(1, 2, 2)} for i in range(self.items)]
        dataset = Dataset(data)
        self.loader = DataLoader(dataset, batch_size=2, sampler=EpochSampler(dataset, seed=0))

    def trainer(self, *handlers: Any) -> SupervisedTrainer:
        return SupervisedTrainer(
            device=torch.device("cpu"),
            max_epochs=self.epochs,
            train_data_loader=self.loader,
            network=self.network,
            optimizer=self.optimizer,
            loss_function=nn.MSELoss(),
            train_handlers=[SeedEpochs(0, self.loader), StepLosses(), Validate(self.scores), *handlers],
            decollate=False,
        )

    def train(self, *handlers: Any) -> SupervisedTrainer:
        trainer = self.trainer(*handlers)
        if trainer.state.epoch < self.epochs:
            trainer.run()
        return trainer


@pytest.fixture
def tiny_run() -> Callable[..., TinyRun]:
    return lambda values, epochs, items=4: TinyRun(Scores(values), epochs, items)
