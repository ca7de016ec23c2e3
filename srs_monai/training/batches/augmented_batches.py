"""Random transforms on the device of the training."""

from collections.abc import Iterator
from typing import Any

import torch
from monai.data import DataLoader, list_data_collate
from monai.transforms import Compose
from torch import Tensor

from srs_monai.tensors import plain

KEYS = ("image", "label")


class AugmentedBatches:
    """The batches of a data loader, moved to a device and transformed there at random, image by image.

    The random numbers depend only on the state of the transforms and the order of the images: see `SeedEpochs`. They
    equal those that the transforms would draw as the last transforms of the data set, in the main process.

    Args:
        dataloader: gives {"image": (B, C, H, W)}, with or without "label": (B, 1, H, W); other keys are dropped.
        transform: transforms one image and its label, {"image": (C, H, W), "label": (1, H, W)}; all results must have
            one size. Without transforms, batches are only moved.
        device: device of the training.
    """

    def __init__(self, dataloader: DataLoader, transform: Compose, device: str | torch.device) -> None:
        self.dataloader, self.transform, self.device = dataloader, transform, torch.device(device)

    def __len__(self) -> int:
        return len(self.dataloader)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for batch in self.dataloader:
            # does not wait for the copy if the loader pins its memory
            yield self._augmented({key: batch[key].to(self.device, non_blocking=True) for key in KEYS if key in batch})

    def _augmented(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        if not self.transform.transforms:
            return batch
        images = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        augmented: dict[str, Any] = list_data_collate([self.transform(image) for image in images])
        # drop the meta data from the transforms: no step needs it, and every operation would copy it
        return {key: plain(value) for key, value in augmented.items() if key in batch}
