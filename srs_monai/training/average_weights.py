"""A moving average of the weights, which often segments better than the latest weights."""

import copy

import torch
from ignite.engine import Engine, Events
from torch import nn


class AverageWeights:
    """Trainer handler: after each step, move a copy of the network a little towards the network.

    `StageHandlers` validates and saves the copy, which is in eval mode. Its buffers, such as running means, equal those
    of the network.
    After step 1 the copy equals the network. In step n the copy keeps the share min(decay, (1 + n) / (10 + n)) of
    itself, so the first weights soon lose their influence.

    Args:
        network: the trained network.
        decay: share of itself that the copy keeps in a step, between 0 and 1. The average covers about 1 / (1 - decay)
            steps.

    Attributes:
        network: the copy.

    Raises:
        ValueError: if decay is not between 0 and 1.
    """

    def __init__(self, network: nn.Module, decay: float = 0.999) -> None:
        if not 0 < decay < 1:
            raise ValueError(f"average_decay must be a share between 0 and 1; got {decay}; use 0.999, for example")
        self.trained, self.decay = network, decay
        self.network = copy.deepcopy(network).requires_grad_(False).eval()

    def attach(self, engine: Engine) -> None:
        """Follow the trainer's run."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._move)

    @torch.no_grad()
    def _move(self, engine: Engine) -> None:
        step = engine.state.iteration
        kept = 0.0 if step == 1 else min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self.network.parameters()), list(self.trained.parameters()), 1 - kept)
        for copied, buffer in zip(self.network.buffers(), self.trained.buffers(), strict=True):
            copied.copy_(buffer)
