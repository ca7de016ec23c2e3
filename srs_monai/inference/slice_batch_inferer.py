"""Whole pictures and volumes through a network for slices of one size."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from monai.inferers import Inferer
from torch import Tensor
from tqdm import tqdm

from srs_monai.data.transforms.resize_image import check_size, resize_pictures
from srs_monai.inference.network_inferer import plain, with_meta_of


class SliceBatchInferer(Inferer):
    """Segment pictures, or volumes slice by slice along their last axis, on their own grid.

    A batch of slices is resized to the size that the network was trained at, run, turned into probabilities (sigmoid
    for one channel, else softmax), and these are resized back: the threshold is applied on the input's grid. No more
    than one batch is held at the network's size.

    Args:
        inferer: runs the network on slices (N, C, h, w) and gives logits (N, classes, h, w).
        spatial_size: height h and width w in pixels; None: slices go in as they are.
        batch_size: slices that go through the network at once.
        antialias: how slices shrink, as in training; see `resize_pictures`.

    Shapes: (B, C, H, W) gives probabilities (B, classes, H, W), and (B, C, H, W, D) gives (B, classes, H, W, D).

    Raises:
        ValueError: for a size or batch size below 1; on calling, for other shapes, and for a network that gives NaN.
    """

    def __init__(
        self,
        inferer: Inferer,
        spatial_size: Sequence[int] | None = (256, 256),
        batch_size: int = 8,
        antialias: bool = True,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is a number of slices, at least 1; got {batch_size}")
        self.inferer, self.batch_size, self.antialias = inferer, batch_size, antialias
        self.size = None if spatial_size is None else check_size(spatial_size)

    def __call__(self, inputs: Tensor, network: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
        """Probabilities of whole pictures or volumes."""
        images = plain(inputs)
        if images.ndim not in (4, 5):
            raise ValueError(
                f"pictures (B, C, H, W) or volumes (B, C, H, W, D) are segmented; got shape {tuple(images.shape)}"
            )
        result: Tensor | None = None
        for place, slices in self._shown(images):
            sized = slices if self.size is None else resize_pictures(slices, self.size, self.antialias)
            on_grid = _probabilities(self.inferer(sized, network, *args, **kwargs))
            found = resize_pictures(on_grid, slices.shape[2:], self.antialias)
            if result is None:
                result = found.new_empty((images.shape[0], found.shape[1], *images.shape[2:]))
            result[place] = found if images.ndim == 4 else found.movedim(0, -1)
        if result is None:
            raise ValueError(f"at least one slice is segmented; got shape {tuple(images.shape)}")
        if result.isnan().any():
            raise ValueError(
                "a network gives numbers, but its output holds NaN, of which a mask would show nothing; use precision "
                "float32 or bfloat16, and weights of a training that did not diverge"
            )
        return with_meta_of(inputs, result)

    def _shown(self, images: Tensor) -> Iterator[tuple[Any, Tensor]]:
        """The batches, with a bar on a terminal for as long as a volume has more than one."""
        slices = images.shape[0] * (images.shape[4] if images.ndim == 5 else 1)
        silent = True if slices <= self.batch_size else None  # None: shown on a terminal only
        with tqdm(total=slices, desc="slices", unit="slice", leave=False, disable=silent, dynamic_ncols=True) as bar:
            for place, batch in self._batches(images):
                yield place, batch
                bar.update(len(batch))

    def _batches(self, images: Tensor) -> Iterator[tuple[Any, Tensor]]:
        """Slices (N, C, H, W), batch by batch, and the index where their result goes."""
        step = self.batch_size
        if images.ndim == 4:
            for start in range(0, len(images), step):
                yield slice(start, start + step), images[start : start + step]
            return
        for number, volume in enumerate(images):
            for start in range(0, volume.shape[-1], step):
                yield (number, ..., slice(start, start + step)), volume[..., start : start + step].movedim(-1, 0)


def _probabilities(logits: Tensor) -> Tensor:
    """Sigmoid of the one channel of a binary network, softmax over the classes of others."""
    return torch.sigmoid(logits) if logits.shape[1] == 1 else torch.softmax(logits, dim=1)
