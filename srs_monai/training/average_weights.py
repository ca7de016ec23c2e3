"""A moving average of the weights, which often segments better than the last weights of a training."""

import copy

import torch
from ignite.engine import Engine, Events
from torch import nn


class AverageWeights:
    """Trainer handler: after each step, move a copy of the network a little towards the network.

    The copy, in eval mode, is what is validated and kept. Its buffers, such as running means, are those of the network.
    After step 1 the copy equals the network. In step n it keeps the share min(decay, (1 + n) / (10 + n)) of itself, so
    that the first weights are soon forgotten.

    Args:
        network: that is trained.
        decay: share that the copy keeps of itself in a step, between 0 and 1. It averages over about 1 / (1 - decay)
            steps.

    Attributes:
        network: the copy.

    Raises:
        ValueError: when decay does not lie between 0 and 1.
    """

    def __init__(self, network: nn.Module, decay: float = 0.999) -> None:
        if not 0 < decay < 1:
            raise ValueError(f"decay is a share between 0 and 1; got {decay}")
        self.trained, self.decay = network, decay
        self.network = copy.deepcopy(network).requires_grad_(False).eval()

    def attach(self, engine: Engine) -> None:
        """Follow the trainer's run."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._move)

    @torch.no_grad()
    def _move(self, engine: Engine) -> None:
        step = engine.state.iteration
        kept = 0.0 if step == 1 else min(self.decay, (1 + step) / (10 + step))
        averaged = [parameter.data for parameter in self.network.parameters()]
        torch._foreach_lerp_(averaged, [parameter.data for parameter in self.trained.parameters()], 1 - kept)
        for copied, buffer in zip(self.network.buffers(), self.trained.buffers(), strict=True):
            copied.copy_(buffer)
