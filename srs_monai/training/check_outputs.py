"""Outputs of a network that are no numbers, told where they arise."""

import torch
from ignite.engine import Engine, Events
from monai.engines.utils import IterationEvents
from torch import Tensor


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
