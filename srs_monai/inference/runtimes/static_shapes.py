"""Batches of few sizes, for runtimes that make something ready for each shape."""

import torch
from torch import Tensor


def to_power_of_two(images: Tensor, limit: int) -> Tensor:
    """Images filled up with copies of the last to the next power of two, or to the limit where that is smaller.

    So the shapes of all batches of up to `limit` images are few.
    """
    count = len(images)
    wanted = min(1 << (count - 1).bit_length(), max(limit, count))
    return images if wanted == count else torch.cat([images, images[-1:].expand(wanted - count, *images.shape[1:])])
