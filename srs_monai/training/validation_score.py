"""The score by which stage two selects its weights, computed without waiting for the device."""

from typing import Any

import torch
from monai.handlers import IgniteMetricHandler, from_engine
from monai.metrics import CumulativeIterationMetric
from torch import Tensor

#: Definition of each score, printed beside its value. A resumed run compares scores by name only, so a new definition
#: needs a new name.
DEFINITIONS = {
    "pooled_iou": "IoU of each class over the pixels of all validation images together, mean over the classes",
    "pooled_dice": "Dice of each class over the pixels of all validation images together, mean over the classes",
    "mean_image_iou": "IoU of each validation image, mean over its classes and then over the images",
}


def validation_score(name: str, *, include_background: bool) -> dict[str, IgniteMetricHandler]:
    """The key metric of an evaluator. Its outputs must be decollated one-hot masks, `pred` and `label`.

    Args:
        name: one of DEFINITIONS, under which the score is logged.
        include_background: count the first channel.

    Raises:
        ValueError: for an unknown name.
    """
    score = ValidationScore(name, include_background)
    return {name: IgniteMetricHandler(metric_fn=score, output_transform=from_engine(["pred", "label"]))}


def definition(name: str) -> str:
    """The definition of a score in brackets, for use after its value; empty for other scores."""
    return f" ({DEFINITIONS[name]})" if name in DEFINITIONS else ""


class ValidationScore(CumulativeIterationMetric):
    """The quality of predicted masks over a whole validation set, from 0 to 1.

    P and T are the predicted and true pixels of a class:

    - "pooled_iou": |P and T| / |P or T|, numerator and denominator each summed over all images; mean over the classes
    - "pooled_dice": 2 |P and T| / (|P| + |T|), summed in the same way
    - "mean_image_iou": |P and T| / |P or T| of each image; mean over its classes, then over the images

    A class that occurs nowhere, neither predicted nor true, has no pooled score and is left out of the mean. In the
    mean over images, an image leaves out such a class, and an image without any class is left out too. With a single
    class, an empty prediction of an empty mask counts 1. (This is the published way for binary tasks. It raises the
    score of a network that predicts nothing, in proportion to the empty images. Pooled scores do not.) `evaluating`
    with `network_grid` gives the same values for the same images.

    Counts are float64, exact up to 2**53 pixels. If masks hold nan, the score is nan.

    Args:
        name: one of DEFINITIONS.
        include_background: count the first channel.

    Shapes: masks of 0 and 1, (B, C, H, W[, D]) or a list of (C, H, W[, D]), predicted and true, of any type.

    Raises:
        ValueError: for an unknown name; when called with masks of different shapes, or with the background only; when
            aggregated without images, or if all true masks are empty: then the score cannot compare weights.
    """

    def __init__(self, name: str = "pooled_iou", include_background: bool = True) -> None:
        super().__init__()
        if name not in DEFINITIONS:
            raise ValueError(
                f"selection_metric must be one of {', '.join(DEFINITIONS)}; got {name!r}; choose one of them"
            )
        self.name, self.first = name, 0 if include_background else 1

    def _compute_tensor(self, y_pred: Tensor, y: Tensor | None = None, **options: Any) -> Tensor:
        """Numbers of common, predicted and true pixels for each image and class, (B, C, 3)."""
        if y is None or y.shape != y_pred.shape:
            raise ValueError(
                f"predicted and true masks must have one shape, got {tuple(y_pred.shape)} and "
                f"{None if y is None else tuple(y.shape)}; predict at the size of the labels, both one-hot"
            )
        predicted, true = y_pred[:, self.first :].flatten(2), y[:, self.first :].flatten(2)
        if not predicted.shape[1]:
            raise ValueError(
                "masks need a class besides the background, got 1 channel; give one-hot masks or set include_background"
            )
        return torch.stack([_pixels(predicted * true), _pixels(predicted), _pixels(true)], dim=-1)

    def aggregate(self) -> Tensor:
        """The score of all images since the last reset, a scalar tensor."""
        counts = self.get_buffer()
        if counts is None:
            raise ValueError("a validation score needs at least one image, got none; give validation images")
        if not counts[..., 2].any():
            raise ValueError(
                f"a validation score needs a mask with foreground, but the masks of all {len(counts)} are empty; "
                "give validation images with foreground"
            )
        if self.name == "mean_image_iou":
            return _mean_image_iou(*counts.unbind(-1))
        common, predicted, true = counts.sum(0).unbind(-1)  # (C,) each
        both = predicted + true
        scores = 2 * common / both if self.name == "pooled_dice" else common / (both - common)
        mean: Tensor = scores[both != 0].mean()
        return mean


def _pixels(masks: Tensor) -> Tensor:
    return masks.sum(-1, dtype=torch.float64)


def _mean_image_iou(common: Tensor, predicted: Tensor, true: Tensor) -> Tensor:
    """The mean over images of the mean over classes, from counts (N, C)."""
    union = predicted + true - common
    there = union != 0  # True for nan
    if there.shape[1] == 1:
        return torch.where(there, common / union, 1.0).mean()
    scores = torch.where(there, common / union, 0.0).sum(1) / there.sum(1)
    return scores[there.any(1)].mean()
