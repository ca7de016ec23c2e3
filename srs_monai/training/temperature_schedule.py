"""A schedule that lowers the temperature of dynamic convolutions during training."""

import logging
import math

from ignite.engine import Engine, Events
from torch import nn

logger = logging.getLogger(__name__)


class LowerTemperature:
    """Trainer handler: lower the temperature of every dynamic convolution of a network in every epoch.

    In epoch n (from 1) the temperature is max(lowest, start - step * (n - 1)). It depends on the epoch only, so a
    resumed run continues with the right value. The state dict holds it, so saved weights are used at the temperature of
    their training. The releases define such a method and never call it.

    Args:
        network: its modules with a `temperature` are changed.
        start: temperature in the first epoch.
        step: decrease per epoch, at least 0.
        lowest: final temperature, above 0.

    Raises:
        ValueError: for a network without such modules, and for numbers outside their range.
    """

    def __init__(self, network: nn.Module, start: float = 30.0, step: float = 1.0, lowest: float = 1.0) -> None:
        self.layers = [part for part in network.modules() if hasattr(part, "temperature")]
        if not self.layers:
            raise ValueError(
                f"LowerTemperature needs a dynamic convolution (dyconv, odconv, magic), but {type(network).__name__} "
                "has none; remove the handler"
            )
        if not (0 <= step < math.inf and 0 < lowest <= start < math.inf):
            raise ValueError(
                f"step must be at least 0, and start at least lowest, which must be above 0; got start {start}, step "
                f"{step}, lowest {lowest}; correct them"
            )
        self.start, self.step, self.lowest = start, step, lowest

    def attach(self, engine: Engine) -> None:
        """Set the temperature at the start of every epoch."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        temperature = max(self.lowest, self.start - self.step * (engine.state.epoch - 1))
        for layer in self.layers:
            layer.temperature = temperature
        logger.debug("epoch %d: temperature %g", engine.state.epoch, temperature)
