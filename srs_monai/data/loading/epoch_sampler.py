"""The order of the samples in an epoch."""

from collections.abc import Iterator, Sized

import numpy as np
from torch.utils.data import Sampler


class EpochSampler(Sampler[int]):
    """Indices in an order that depends on (seed, epoch) alone: a resumed run sees the same order as an unbroken one.

    Args:
        data_source: the data set, or its length.
        seed: seed of the run, at least 0.
        shuffle: False keeps the order of the data set.

    Raises:
        ValueError: when the seed, the epoch or the length is negative.
    """

    def __init__(self, data_source: Sized | int, seed: int = 0, shuffle: bool = True) -> None:
        self.length = data_source if isinstance(data_source, int) else len(data_source)
        if seed < 0 or self.length < 0:
            raise ValueError(f"seed and length must be 0 or more; got seed {seed}, length {self.length}")
        self.seed, self.shuffle, self.epoch = seed, shuffle, 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next iteration."""
        if epoch < 0:
            raise ValueError(f"epoch must be 0 or more; got {epoch}")
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        if not self.shuffle:
            return iter(range(self.length))
        return iter(np.random.default_rng((self.seed, self.epoch)).permutation(self.length).tolist())
