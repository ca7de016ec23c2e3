"""Gradients kept within bounds, value by value."""

from ignite.engine import Engine
from monai.engines import IterationEvents
from torch import nn


class ClampGradients:
    """Trainer handler: clamp every value of every gradient before the optimizer uses it.

    Args:
        network: whose gradients are clamped.
        bound: largest absolute value, above 0.

    Raises:
        ValueError: for a bound of 0 or less.

    Source: U-Net v2's polyp recipe clamps to 0.5.
    """

    def __init__(self, network: nn.Module, bound: float = 0.5) -> None:
        if not bound > 0:
            raise ValueError(f"gradients are clamped to a bound above 0, got {bound}; give one, such as 0.5")
        self.network, self.bound = network, bound

    def attach(self, engine: Engine) -> None:
        """Register with the trainer."""
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        if engine.amp:  # gradients are scaled up for float16
            engine.scaler.unscale_(engine.optimizer)
        nn.utils.clip_grad_value_(self.network.parameters(), self.bound)
