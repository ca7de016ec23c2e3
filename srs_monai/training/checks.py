"""Checks of a training: before it starts, and of what its network gives."""

import copy
import math
from collections.abc import Sequence
from typing import Any

import torch
from ignite.engine import Engine, Events
from monai.engines.utils import IterationEvents
from torch import Tensor, nn

from srs_monai.environment import cannot_compile
from srs_monai.tensors import finest


def check_epochs(epochs: Any, *, name: str = "epochs", val_interval: Any = 1, skip: bool = False) -> None:
    """Refuse a stage without epochs, and one that would end before its first validation.

    Args:
        epochs: the `max_epochs` of the stage's trainer.
        name: of the value that gives them in the configuration.
        val_interval: epochs from one validation to the next.
        skip: the stage is not trained: nothing is checked.

    Raises:
        ValueError: when one of the numbers is no whole number above 0, or val_interval is larger than epochs.
    """
    if skip:
        return
    if not _is_count(epochs):
        raise ValueError(
            f"a stage is trained for a whole number of epochs above 0, got {name} {epochs!r}; give --{name}, or "
            "max_epochs of its trainer, which takes its place"
        )
    if not _is_count(val_interval):
        raise ValueError(f"val_interval is a whole number of epochs above 0; got {val_interval!r}")
    if epochs < val_interval:
        raise ValueError(
            f"a stage keeps the weights that validate best, but {name} {epochs} ends before the first validation, "
            f"val_interval {val_interval}; give more epochs, or a smaller val_interval"
        )


def check_compiler(device: str | torch.device, *, wanted: bool = True) -> None:
    """Refuse torch.compile where it does not work: something small is compiled and run.

    Args:
        device: which the network is compiled for.
        wanted: False checks nothing.

    Raises:
        ValueError: with what is missing, such as a C++ compiler, or what stands in the way.
    """
    if wanted and (reason := cannot_compile(device)):
        raise ValueError(f"torch.compile {reason}; or leave compile out")


def check_network(network: nn.Module, in_channels: int, out_channels: int, image_size: Sequence[int]) -> None:
    """Refuse a network that does not turn images of the run's size into maps of that size with the run's channels.

    A copy runs, in eval mode: no statistics of the network move.

    Args:
        network: on its device.
        in_channels, out_channels: of its images and of what it gives.
        image_size: height and width in pixels.

    Raises:
        ValueError: when the result has another shape, or the network refuses the image itself.
    """
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    image = torch.zeros(1, in_channels, *image_size, device=device)
    with torch.no_grad():
        result = finest(copy.deepcopy(network).eval()(image))
    expected, got = (1, out_channels, *image_size), tuple(result.shape)
    if got != expected:
        raise ValueError(
            f"a network gives as many channels as the task has, at the size of its input, but for "
            f"{tuple(image.shape)} {type(network).__name__} gives {got} in place of {expected}; make network_def, "
            "in_channels, out_channels and image_size agree"
        )


class CheckOutputs:
    """Evaluator handler: end the run when the network gave nan for any validation image.

    Made into masks, nan is background, and the weights would get a score like any others. The device is not waited for
    until all images are through.

    Raises:
        ValueError: at the end of the evaluator's run.
    """

    def __init__(self) -> None:
        self.found: Tensor | None = None

    def attach(self, engine: Engine) -> None:
        """Follow the evaluator's runs."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(IterationEvents.FORWARD_COMPLETED, self._look)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._tell)

    def _start(self) -> None:
        self.found = None

    def _look(self, engine: Engine) -> None:
        found = torch.isnan(engine.state.output["pred"]).any()
        self.found = found if self.found is None else self.found | found

    def _tell(self) -> None:
        if self.found is not None and bool(self.found):
            raise ValueError(
                "a network gives numbers, but it gave nan for validation images: training has left its range; lower "
                "learning_rate, or use precision float32"
            )


def _is_count(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return number and value > 0 and value == int(value)
