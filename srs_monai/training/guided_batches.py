"""What the frozen reconstruction network says of an image, computed once for the image in place of once an epoch."""

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

LIMIT = 2**30  # bytes of guides kept on the device, about 4,000 of images of 256 x 256 in float32


class GuidedBatches:
    """Batches with the guides of their images beside them, each computed when its image is met first.

    Only where a guide stays what it is: of an SRSNet with a frozen reconstruction whose statistics do not drift, and of
    images that nothing moves at random. All else goes through as it is, without guides. The guides are those that the
    network would compute: in the same batches to the last bit; in others, where a processor may round otherwise,
    within rounding. A batch of one image is rounded otherwise on most, so its guide is neither kept nor taken from
    what is kept.

    Args:
        batches: what `dataloader` gives, or what becomes of it in the same order.
        dataloader: whose order is that of an `EpochSampler` or of the data set; with others there are no guides.
        network: that gets the guides.
        transform: random transforms that `batches` went through.
        precision, channels_last: as the network is run with.
        device: where the network is.
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
            and not any(_moves(part) for part in transforms)
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
        """Keep no guide beyond the weights that it was computed with; torch counts what is written to a tensor."""
        reconstruction = self.network.get_submodule("reconstruction")
        versions = sum(tensor._version for tensor in reconstruction.state_dict(keep_vars=True).values())
        if versions != self.versions:
            self.kept, self.bytes, self.versions = {}, 0, versions

    def _guides(self, indices: list[int], image: Tensor) -> Tensor:
        if len(indices) > 1 and all(index in self.kept for index in indices):
            return torch.cat([self.kept[index] for index in indices])  # in the memory layout that they have
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


def _moves(transform: Any) -> bool:
    """Whether something of a transform, or of what it is composed of, is random."""
    parts = transform.flatten().transforms if isinstance(transform, Compose) else [transform]
    return any(isinstance(part, RandomizableTrait) for part in parts)


def guided_batch(
    batch: dict[str, Any], device: str | torch.device | None = None, non_blocking: bool = False, **options: Any
) -> tuple[Any, ...]:
    """MONAI `prepare_batch`: image and label, and for the network the images' guides where the batch has them."""
    image, label = default_prepare_batch(batch, device, non_blocking, **options)
    return (image, label, (), {"guide": batch["guide"]}) if "guide" in batch else (image, label)
