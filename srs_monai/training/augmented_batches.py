"""Random transforms on the device that trains."""

from collections.abc import Iterator
from typing import Any

import torch
from monai.data import DataLoader, list_data_collate
from monai.transforms import Compose
from torch import Tensor

from srs_monai.tensors import plain

KEYS = ("image", "label")


class AugmentedBatches:
    """The batches of a data loader, brought to a device and there transformed at random, image by image.

    What is drawn follows from the state of the transforms and the order of the images alone: see `SeedEpochs`. It is
    what the transforms would draw in the data set, in the main process, after its other transforms.

    Args:
        dataloader: gives {"image": (B, C, H, W)}, with or without "label": (B, 1, H, W); what else it gives is left
            out.
        transform: of one image and its label, {"image": (C, H, W), "label": (1, H, W)}; results of one size. Without
            transforms batches are only moved.
        device: where to.
    """

    def __init__(self, dataloader: DataLoader, transform: Compose, device: str | torch.device) -> None:
        self.dataloader, self.transform, self.device = dataloader, transform, torch.device(device)

    def __len__(self) -> int:
        return len(self.dataloader)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for batch in self.dataloader:
            # does not wait for the copy, where the loader pins its memory
            yield self._augmented({key: batch[key].to(self.device, non_blocking=True) for key in KEYS if key in batch})

    def _augmented(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        if not self.transform.transforms:
            return batch
        images = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        augmented: dict[str, Any] = list_data_collate([self.transform(image) for image in images])
        # without the meta data that the transforms began, which no step needs and each operation would carry on
        return {key: plain(value) for key, value in augmented.items() if key in batch}
