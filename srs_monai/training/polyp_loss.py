"""The loss of U-Net v2's polyp recipe."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_EDGE = 31  # pixels, side of the window that finds the border of a mask


class PolypLoss(nn.Module):
    """Binary cross-entropy and an IoU loss that counts pixels near the mask's border up to six times.

    The weight of a pixel is 1 + 5 |mean of the mask around it - mask|. The release means to weight the cross-entropy as
    well, but averages it first: there and here it is the plain mean. Outputs of other sizes are enlarged to the mask's
    and their losses added.

    Shapes: logits (B, 1, H, W), or a list of them in any sizes, and mask (B, 1, H, W) of 0 and 1 give a number.

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
                f"PolypLoss is binary and takes logits of one channel, got {logits.shape[1]}; take another loss for "
                "several classes"
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
