"""Guides from the frozen reconstruction network, computed once for each image, not once in each epoch."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from monai.data import DataLoader
from monai.engines import default_prepare_batch
from monai.transforms import Compose, RandomizableTrait
from torch import Tensor, nn
from torch.utils.data import SequentialSampler

from srs_monai.data import EpochSampler
from srs_monai.tensors import PRECISIONS, channels_last

LIMIT = 2**30  # bytes of stored guides on the device, about 4,000 for images of 256 x 256 in float32


class GuidedBatches:
    """Batches with the guides of their images, each computed when its image appears first.

    Batches receive guides only if these do not change: for an SRSNet with a frozen reconstruction network whose
    statistics do not drift, and images without random transforms. All other batches pass through without guides.
    Stored guides equal those that the network would compute: bit by bit in equal batches, and within rounding in other
    batches, because a processor may round differently there. Most processors round differently for a batch of one
    image, so its guide is neither stored nor taken from the store.

    Args:
        batches: the batches of `dataloader`, or their transformed form in the same order.
        dataloader: its order must be that of an `EpochSampler` or of the data set; otherwise there are no guides.
        network: the network that receives the guides.
        transform: random transforms of `batches`.
        precision, channels_last: as in the run of the network.
        device: device of the network.
        wanted: False adds no guides.
    """

    def __init__(
        self,
        batches: Iterable[dict[str, Any]],
        dataloader: DataLoader,
        network: nn.Module,
        transform: Compose | None = None,
        *,
        precision: str = "float32",
        channels_last: bool = True,
        device: str | torch.device = "cpu",
        wanted: bool = True,
    ) -> None:
        self.batches, self.dataloader, self.network = batches, dataloader, network
        self.precision, self.channels_last, self.device = precision, channels_last, torch.device(device)
        self.kept: dict[int, Tensor] = {}
        self.bytes, self.versions = 0, -1
        frozen = getattr(network, "freeze_reconstruction", False) and not getattr(network, "drifting_statistics", True)
        transforms = (transform, getattr(dataloader.dataset, "transform", None))
        self.wanted = (
            wanted
            and frozen
            and getattr(network, "reconstruction", None) is not None
            and isinstance(dataloader.sampler, EpochSampler | SequentialSampler)
            and not any(_is_random(part) for part in transforms)
        )

    def __len__(self) -> int:
        return len(self.dataloader)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if not self.wanted:
            yield from self.batches
            return
        self._forget_if_changed()
        order = [list(indices) for indices in self.dataloader.batch_sampler]
        for indices, batch in zip(order, self.batches, strict=True):
            image = batch["image"].to(self.device, non_blocking=True)
            yield batch | {"image": image, "guide": self._guides(indices, image)}

    def _forget_if_changed(self) -> None:
        """Delete the guides if weights have changed; torch counts the changes of a tensor."""
        reconstruction = self.network.get_submodule("reconstruction")
        versions = sum(tensor._version for tensor in reconstruction.state_dict(keep_vars=True).values())
        if versions != self.versions:
            self.kept, self.bytes, self.versions = {}, 0, versions

    def _guides(self, indices: list[int], image: Tensor) -> Tensor:
        if len(indices) > 1 and all(index in self.kept for index in indices):
            return torch.cat([self.kept[index] for index in indices])  # keeps their memory layout
        guides = self._computed(image)
        if len(indices) > 1 and self.bytes + guides.nbytes <= LIMIT:
            self.bytes += guides.nbytes
            self.kept.update(zip(indices, guides.split(1), strict=True))
        return guides

    def _computed(self, image: Tensor) -> Tensor:
        if self.channels_last:
            image = channels_last(image)
        dtype = PRECISIONS[self.precision]
        with torch.no_grad(), torch.autocast(image.device.type, dtype=dtype, enabled=dtype != torch.float32):
            guides: Tensor = self.network.guide(image)  # type: ignore[operator]
        return guides


def _is_random(transform: Any) -> bool:
    """Whether a transform, or a part of a composed one, is random."""
    parts = transform.flatten().transforms if isinstance(transform, Compose) else [transform]
    return any(isinstance(part, RandomizableTrait) for part in parts)


def guided_batch(
    batch: dict[str, Any], device: str | torch.device | None = None, non_blocking: bool = False, **options: Any
) -> tuple[Any, ...]:
    """MONAI `prepare_batch`: image and label, and the guides for the network if the batch has them."""
    image, label = default_prepare_batch(batch, device, non_blocking, **options)
    return (image, label, (), {"guide": batch["guide"]}) if "guide" in batch else (image, label)
