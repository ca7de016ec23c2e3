"""The temperature of dynamic convolutions, lowered while a network trains."""

import logging
import math

from ignite.engine import Engine, Events
from torch import nn

logger = logging.getLogger(__name__)


class LowerTemperature:
    """Lower the temperature of every dynamic convolution of a network epoch by epoch, as a handler of the trainer.

    In epoch n (from 1) it is max(lowest, start - step * (n - 1)): a function of the epoch alone, so that a resumed run
    goes on with the right one. The state dict holds it, so that saved weights are used at the temperature they were
    trained at. The releases offer such a method and never call it.

    Args:
        network: whose modules with a `temperature` are changed.
        start: temperature in the first epoch.
        step: by how much an epoch lowers it, at least 0.
        lowest: where it stops, above 0.

    Raises:
        ValueError: for a network without such modules, and for numbers outside their range.
    """

    def __init__(self, network: nn.Module, start: float = 30.0, step: float = 1.0, lowest: float = 1.0) -> None:
        self.layers = [part for part in network.modules() if hasattr(part, "temperature")]
        if not self.layers:
            raise ValueError(
                f"a temperature belongs to a dynamic convolution (dyconv, odconv, magic), but {type(network).__name__} "
                f"has none; take the handler away"
            )
        if not (0 <= step < math.inf and 0 < lowest <= start < math.inf):
            raise ValueError(
                f"a temperature falls by steps of 0 or more from start to lowest, above 0; got start {start}, step "
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
