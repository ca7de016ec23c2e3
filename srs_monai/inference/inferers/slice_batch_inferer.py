"""Pictures and volumes of any size through a network for slices of one size."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.inferers import Inferer
from torch import Tensor
from tqdm import tqdm

from srs_monai.data.transforms.resize_image import check_size, resize_pictures
from srs_monai.inference.inferers.runtime_inferer import RuntimeInferer
from srs_monai.tensors import plain, with_meta_of

_FEW = 32  # up to this number, slices are copied for speed
_SAMPLED = 16  # pixels between samples; a slice whose samples differ is not constant

Known = dict[tuple[float, ...], Tensor]  # results for slices with one value in each channel, by these values


class SliceBatchInferer(Inferer):
    """Compute probabilities of pictures, or of volumes slice by slice along the last axis, on their own grid.

    Each batch of slices is resized to the size of the training, and its probabilities are resized back. The threshold
    is therefore applied on the grid of the input. One batch at a time is held at the network's size.

    A slice may have one value everywhere, such as air under a CT window. With `reuse_constant_slices` the network sees
    each such value once, and all slices of this value get the same result.

    Args:
        inferer: turns slices (N, C, h, w) into probabilities (N, classes, h, w), such as `RuntimeInferer`.
        spatial_size: height h and width w in pixels; None: slices are not resized.
        batch_size: number of slices in a batch.
        antialias: smooth slices that get smaller, as in training; see `resize_pictures`.
        reuse_constant_slices: run the network once for all slices of one value.

    Shapes: (B, C, H, W) gives probabilities (B, classes, H, W), and (B, C, H, W, D) gives (B, classes, H, W, D).

    Raises:
        ValueError: for a size or batch size below 1; on calling, for other shapes, and when the network gives NaN.
    """

    def __init__(
        self,
        inferer: Inferer,
        spatial_size: Sequence[int] | None = (256, 256),
        batch_size: int = 8,
        antialias: bool = True,
        reuse_constant_slices: bool = True,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1; got {batch_size}")
        self.inferer, self.batch_size, self.antialias = inferer, batch_size, antialias
        self.size = None if spatial_size is None else check_size(spatial_size)
        self.reuse_constant_slices = reuse_constant_slices

    def __call__(self, inputs: Tensor, network: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
        """Probabilities of pictures or volumes. A terminal shows a progress bar for more than one batch."""
        images = plain(inputs)
        if images.ndim not in (4, 5):
            raise ValueError(
                f"images must be pictures (B, C, H, W) or volumes (B, C, H, W, D); got shape {tuple(images.shape)}"
            )
        total = images.shape[0] * (images.shape[4] if images.ndim == 5 else 1)
        self.expect(total)
        silent = True if total <= self.batch_size else None  # None: tqdm shows the bar only on a terminal
        with tqdm(total=total, desc="slices", unit="slice", leave=False, disable=silent, dynamic_ncols=True) as bar:
            found = self.segment(images, network, {}, bar.update, *args, **kwargs)
        self.note(inputs)
        return with_meta_of(inputs, found)

    def expect(self, count: int) -> None:
        """Announce the number of slices in the next calls, see `RuntimeInferer.expect`."""
        if isinstance(self.inferer, RuntimeInferer):
            self.inferer.expect(count)

    def note(self, image: Tensor) -> None:
        """Write the runtime of the last result into the meta data of its image, see `RuntimeInferer.note`."""
        if isinstance(self.inferer, RuntimeInferer):
            self.inferer.note(image)

    def segment(
        self,
        images: Tensor,
        network: Callable[..., Tensor],
        known: Known,
        done: Callable[[int], Any],
        *args: Any,
        **kwargs: Any,
    ) -> Tensor:
        """Probabilities of plain tensors.

        Args:
            images: pictures (B, C, H, W) or volumes (B, C, H, W, D).
            network: passed to the inferer, with the further arguments.
            known: results for slices of one value, from images of the same size; new ones are added.
            done: called with the number of slices that have just been computed.
        """
        volumes = images.ndim == 5
        slices = [one for volume in images for one in _slices(volume)] if volumes else list(images)
        values = _constant_values(slices) if self.reuse_constant_slices else {}
        first = {value: number for number, value in reversed(values.items()) if value not in known}
        to_run = [
            number for number in range(len(slices)) if number not in values or first.get(values[number]) == number
        ]
        result: Tensor | None = None
        for start in range(0, len(to_run), self.batch_size):
            places = to_run[start : start + self.batch_size]
            found = self._run([slices[place] for place in places], network, *args, **kwargs)
            result = found.new_empty((len(slices), *found.shape[1:])) if result is None else result
            result[places] = found
            known.update(
                {values[place]: one.clone() for place, one in zip(places, found, strict=True) if place in values}
            )
            done(len(places))
        for number in sorted(values.keys() - set(to_run)):
            one = known[values[number]]
            result = one.new_empty((len(slices), *one.shape)) if result is None else result
            result[number] = one
            done(1)
        if result is None:
            raise ValueError(f"images must have at least one slice; got shape {tuple(images.shape)}")
        return result.unflatten(0, (len(images), -1)).movedim(1, -1) if volumes else result

    def _run(self, slices: Sequence[Tensor], network: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
        """Probabilities of one batch on the grid of its slices (C, H, W)."""
        channels = len(slices[0])
        repeated = slices[0].stride(0) == 0  # a grey image: one channel in memory
        batch = torch.stack([one[:1] if repeated else one for one in slices])
        sized = batch if self.size is None else resize_pictures(batch, self.size, self.antialias)
        sized = sized.expand(-1, channels, -1, -1).contiguous()
        on_grid = self.inferer(sized, network, *args, **kwargs)
        found = resize_pictures(on_grid, batch.shape[2:], self.antialias)
        if found.sum().isnan():
            raise ValueError(
                "the network's output holds NaN, which a mask cannot show; use precision float32 or bfloat16, and "
                "weights of a training that did not diverge"
            )
        return found


def _slices(volume: Tensor) -> Sequence[Tensor]:
    """The slices (C, H, W) of a volume (C, H, W, D). A small number is copied, so that pixels lie side by side."""
    channels, count = volume.shape[0], volume.shape[-1]
    if count > _FEW:
        return volume.unbind(-1)
    one = volume[:1] if volume.stride(0) == 0 else volume
    apart = one.movedim(-1, 0).contiguous()
    return apart.expand(-1, channels, -1, -1).unbind(0)


def _constant_values(slices: Sequence[Tensor]) -> dict[int, tuple[float, ...]]:
    """The values, one for each channel, of the slices (C, H, W) that are constant, by their number."""
    sampled = [one[:, ::_SAMPLED, ::_SAMPLED] for one in slices]
    if not sampled:
        return {}
    samples = torch.stack(sampled).flatten(2)
    alike = (samples.amin(2) == samples.amax(2)).all(1).tolist()
    low_high = {
        n: one.flatten(1).aminmax(dim=1) for n, (one, same) in enumerate(zip(slices, alike, strict=True)) if same
    }
    return {n: tuple(low.tolist()) for n, (low, high) in low_high.items() if torch.equal(low, high)}
