"""What the polyp recipe of U-Net v2 adds to training: its loss, clamped gradients, and batches at several scales."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from ignite.engine import Engine
from monai.data import DataLoader
from monai.engines import IterationEvents
from torch import Tensor, nn

_EDGE = 31  # pixels, side of the window that finds the border of a mask


class PolypLoss(nn.Module):
    """Binary cross-entropy plus an IoU loss that counts pixels near the border of the mask up to six times.

    The weight of a pixel is 1 + 5 |mean of the mask around it - mask|. The release intends to weight the cross-entropy
    too, but averages it first; so there and here it is the plain mean. Outputs of other sizes are enlarged to the size
    of the mask, and their losses are added.

    Shapes: logits (B, 1, H, W), or a list of them in any sizes, and a mask (B, 1, H, W) of 0 and 1 give a number.

    Raises:
        ValueError: in forward, for logits of more than one channel.

    Source: the polyp recipe of U-Net v2, as released.
    """

    def forward(self, logits: Tensor | Sequence[Tensor], mask: Tensor) -> Tensor:
        outputs = [logits] if isinstance(logits, Tensor) else list(logits)
        return torch.stack([self._of(output, mask) for output in outputs]).sum()

    def _of(self, logits: Tensor, mask: Tensor) -> Tensor:
        if logits.shape[1] != 1:
            raise ValueError(
                f"PolypLoss needs logits of one channel, got {logits.shape[1]}; use another loss for several classes"
            )
        if logits.shape[2:] != mask.shape[2:]:
            logits = F.interpolate(logits, size=mask.shape[2:], mode="bilinear", align_corners=False)
        around = F.avg_pool2d(mask, _EDGE, stride=1, padding=_EDGE // 2)
        weight = 1 + 5 * (around - mask).abs()
        probability = torch.sigmoid(logits)
        shared = (probability * mask * weight).sum((2, 3))
        both = ((probability + mask) * weight).sum((2, 3))
        iou_loss = 1 - (shared + 1) / (both - shared + 1)
        return F.binary_cross_entropy_with_logits(logits, mask) + iou_loss.mean()


class ClampGradients:
    """Trainer handler: clamp every value of every gradient before the optimizer uses it.

    Args:
        network: the network with the gradients.
        bound: largest absolute value, above 0.

    Raises:
        ValueError: for a bound of 0 or less.

    Source: U-Net v2's polyp recipe clamps to 0.5.
    """

    def __init__(self, network: nn.Module, bound: float = 0.5) -> None:
        if not bound > 0:
            raise ValueError(f"the bound of gradients must be above 0, got {bound}; use 0.5, for example")
        self.network, self.bound = network, bound

    def attach(self, engine: Engine) -> None:
        """Register with the trainer."""
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        if engine.amp:  # for float16 gradients are scaled
            engine.scaler.unscale_(engine.optimizer)
        nn.utils.clip_grad_value_(self.network.parameters(), self.bound)


class ScaledBatches:
    """The batches of a data loader, each at every scale.

    Args:
        dataloader: gives {"image": (B, C, H, W), "label": (B, 1, H, W)}.
        scales: factors for height and width, above 0.
        step: sides are rounded to multiples of it, in pixels.

    Raises:
        ValueError: for no scales, a scale of 0 or less, or a step below 1.

    Source: U-Net v2's polyp recipe trains at 0.75, 1 and 1.25.
    """

    def __init__(self, dataloader: DataLoader, scales: Sequence[float] = (0.75, 1.0, 1.25), step: int = 32) -> None:
        if not scales or min(scales) <= 0 or step < 1:
            raise ValueError(
                f"scales must be numbers above 0, and step 1 or more; got scales {list(scales)} and step {step}; "
                "correct them"
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
