"""Every batch at several sizes."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch.nn.functional as F
from monai.data import DataLoader


class ScaledBatches:
    """The batches of a data loader, each once at every scale.

    Args:
        dataloader: gives {"image": (B, C, H, W), "label": (B, 1, H, W)}.
        scales: of height and width, each above 0.
        step: sides are rounded to multiples of it, in pixels.

    Raises:
        ValueError: for no scales, or one of 0 or less.

    Source: U-Net v2's polyp recipe trains at 0.75, 1 and 1.25.
    """

    def __init__(self, dataloader: DataLoader, scales: Sequence[float] = (0.75, 1.0, 1.25), step: int = 32) -> None:
        if not scales or min(scales) <= 0 or step < 1:
            raise ValueError(
                f"batches are scaled by numbers above 0, to multiples of a step of 1 or more; got {list(scales)} and "
                f"{step}"
            )
        self.dataloader, self.scales, self.step = dataloader, list(scales), step

    def __len__(self) -> int:
        return len(self.dataloader) * len(self.scales)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for batch in self.dataloader:
            for scale in self.scales:
                yield self._scaled(batch, scale)

    def _scaled(self, batch: dict[str, Any], scale: float) -> dict[str, Any]:
        size = [max(1, round(side * scale / self.step)) * self.step for side in batch["image"].shape[2:]]
        if size == list(batch["image"].shape[2:]):
            return batch
        image = F.interpolate(batch["image"], size=size, mode="bilinear", align_corners=False)
        return batch | {"image": image, "label": F.interpolate(batch["label"], size=size, mode="nearest-exact")}
