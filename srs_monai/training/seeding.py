"""Random numbers as a function of seed and epoch, so that a resumed run equals an uninterrupted one."""

import random
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.transforms import Randomizable
from torch.utils.data import DataLoader

from srs_monai.data import EpochSampler


class SeedEpochs:
    """Trainer handler: at the start of every epoch, seed all random number generators from (seed, epoch).

    Checkpoints hold no state of MONAI's random transforms, and the state of a generator depends on all earlier epochs.
    With a new seed for each epoch, only its number is needed. The seed applies to torch, NumPy, `random`, the random
    transforms of batches and of the data set, and the order of an `EpochSampler`.

    Args:
        seed: seed of the run, at least 0.
        dataloader: the loader of the training set.
        augmentation: random transforms of batches after the loader, as in `AugmentedBatches`.

    Raises:
        ValueError: if the seed is negative, or the loader shuffles by itself, which this handler cannot seed.
    """

    def __init__(self, seed: int, dataloader: DataLoader[Any], augmentation: Randomizable | None = None) -> None:
        if seed < 0:
            raise ValueError(f"seed must be 0 or more; got {seed}; use 0, for example")
        if not isinstance(dataloader.sampler, EpochSampler):
            raise ValueError(
                f"the order of images must depend on the seed only, but the loader's sampler is "
                f"{type(dataloader.sampler).__name__}; give it sampler=srs_monai.data.EpochSampler(...)"
            )
        self.seed, self.dataloader, self.sampler = seed, dataloader, dataloader.sampler
        self.augmentation = augmentation

    def attach(self, engine: Engine) -> None:
        """Follow the trainer's run."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        epoch = engine.state.epoch
        drawn = int(np.random.SeedSequence((self.seed, epoch)).generate_state(1)[0])
        random.seed(drawn)
        np.random.seed(drawn)  # noqa: NPY002 - libraries draw from the global generator
        torch.manual_seed(drawn)
        self.sampler.set_epoch(epoch)
        for transform in (self.augmentation, getattr(self.dataloader.dataset, "transform", None)):
            if isinstance(transform, Randomizable):
                transform.set_random_state(seed=drawn)
