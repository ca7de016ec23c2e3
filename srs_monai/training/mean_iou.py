"""The validation score of stage two, computed without waiting for the device."""

from typing import Any

import torch
from monai.metrics import CumulativeIterationMetric, do_metric_reduction
from torch import Tensor


class MeanIoU(CumulativeIterationMetric):
    """Intersection over union, averaged over images and classes; an empty prediction of an empty mask counts 1.

    The numbers are those of MONAI's MeanIoU(ignore_empty=False), which copies a tensor from the host for each image.

    Args:
        include_background: whether the first channel counts.

    Shapes: masks of 0 and 1, (B, C, H, W[, D]) or a list of (C, H, W[, D]), predicted and true.

    Raises:
        ValueError: when called with masks of different shapes.
    """

    def __init__(self, include_background: bool = True) -> None:
        super().__init__()
        self.first = 0 if include_background else 1

    def _compute_tensor(self, y_pred: Tensor, y: Tensor | None = None, **options: Any) -> Tensor:
        """The score of each image and class, (B, C)."""
        if y is None or y.shape != y_pred.shape:
            raise ValueError(
                f"masks are compared when they have one shape, got {tuple(y_pred.shape)} and "
                f"{None if y is None else tuple(y.shape)}; predict at the size of the labels, both one-hot"
            )
        predicted, true = y_pred[:, self.first :].flatten(2), y[:, self.first :].flatten(2)
        common = (predicted * true).sum(-1)
        union = predicted.sum(-1) + true.sum(-1) - common
        return (common / union).masked_fill(union == 0, 1.0)

    def aggregate(self) -> Tensor:
        """The mean of all scores since the last reset."""
        mean: Tensor = do_metric_reduction(torch.as_tensor(self.get_buffer()), "mean")[0]
        return mean
