"""Checks of a training run: of its settings before it starts, and of the outputs of its network."""

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
    """Reject a stage without epochs, and a stage that would end before its first validation.

    Args:
        epochs: the `max_epochs` of the stage's trainer.
        name: name of this value in the configuration.
        val_interval: number of epochs between validations.
        skip: the stage is not trained, so nothing is checked.

    Raises:
        ValueError: if one of the numbers is not a whole number above 0, or val_interval is larger than epochs.
    """
    if skip:
        return
    if not _is_count(epochs):
        raise ValueError(
            f"{name} must be a whole number of epochs above 0, got {name} {epochs!r}; give --{name}, or "
            "max_epochs of the trainer, which takes its place"
        )
    if not _is_count(val_interval):
        raise ValueError(f"val_interval must be a whole number of epochs above 0; got {val_interval!r}")
    if epochs < val_interval:
        raise ValueError(
            f"a stage needs at least one validation, but {name} {epochs} is less than val_interval {val_interval}; "
            "give more epochs, or a smaller val_interval"
        )


def check_compiler(device: str | torch.device, *, wanted: bool = True) -> None:
    """Reject torch.compile if it does not work. The check compiles and runs a small function.

    Args:
        device: device of the compiled network.
        wanted: False checks nothing.

    Raises:
        ValueError: with the missing part, such as a C++ compiler, or the obstacle.
    """
    if wanted and (reason := cannot_compile(device)):
        raise ValueError(f"torch.compile {reason}; or omit compile")


def check_network(network: nn.Module, in_channels: int, out_channels: int, image_size: Sequence[int]) -> None:
    """Reject a network that does not map images of the run's size to maps of that size with the run's channels.

    A copy of the network runs in eval mode, so its statistics do not change.

    Args:
        network: the network on its device.
        in_channels, out_channels: channels of images and of results.
        image_size: height and width in pixels.

    Raises:
        ValueError: if the result has another shape, or the network rejects the image.
    """
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    image = torch.zeros(1, in_channels, *image_size, device=device)
    with torch.no_grad():
        result = finest(copy.deepcopy(network).eval()(image))
    expected, got = (1, out_channels, *image_size), tuple(result.shape)
    if got != expected:
        raise ValueError(
            f"a network must give the channels of the task at the size of its input, but for {tuple(image.shape)} "
            f"{type(network).__name__} gives {got} in place of {expected}; make network_def, in_channels, "
            "out_channels and image_size agree"
        )


class CheckOutputs:
    """Evaluator handler: end the run if the network gives nan for any validation image.

    In a mask, nan becomes background, so such weights would get a score. The handler waits for the device only after
    all images.

    Raises:
        ValueError: at the end of the evaluator's run, for nan.
    """

    def __init__(self) -> None:
        self.found: Tensor | None = None

    def attach(self, engine: Engine) -> None:
        """Follow the evaluator's runs."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(IterationEvents.FORWARD_COMPLETED, self._check)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._raise_for_nan)

    def _start(self) -> None:
        self.found = None

    def _check(self, engine: Engine) -> None:
        found = torch.isnan(engine.state.output["pred"]).any()
        self.found = found if self.found is None else self.found | found

    def _raise_for_nan(self) -> None:
        if self.found is not None and bool(self.found):
            raise ValueError(
                "the output of a network must be numbers, but it is nan for validation images: training has diverged; "
                "lower learning_rate, or use precision float32"
            )


def _is_count(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return number and value > 0 and value == int(value)
