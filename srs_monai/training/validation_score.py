"""The score by which stage two chooses its weights, computed without waiting for the device."""

from typing import Any

import torch
from monai.handlers import IgniteMetricHandler, from_engine
from monai.metrics import CumulativeIterationMetric
from torch import Tensor

#: What each score is, as it is printed beside the number. A resumed run knows by the name alone that its best score was
#: measured as it is now: whoever changes a definition changes the name.
DEFINITIONS = {
    "pooled_iou": "IoU of each class over the pixels of all validation images together, mean over the classes",
    "pooled_dice": "Dice of each class over the pixels of all validation images together, mean over the classes",
    "mean_image_iou": "IoU of each validation image, mean over its classes and then over the images",
}


def validation_score(name: str, *, include_background: bool) -> dict[str, IgniteMetricHandler]:
    """Make the key metric of an evaluator whose outputs are decollated and hold one-hot masks, `pred` and `label`.

    Args:
        name: one of DEFINITIONS, under which the score is logged.
        include_background: whether the first channel counts.

    Raises:
        ValueError: for another name.
    """
    score = ValidationScore(name, include_background)
    return {name: IgniteMetricHandler(metric_fn=score, output_transform=from_engine(["pred", "label"]))}


def definition(name: str) -> str:
    """What a score is, in brackets, to be put behind its value; nothing for a score that is not of this kind."""
    return f" ({DEFINITIONS[name]})" if name in DEFINITIONS else ""


class ValidationScore(CumulativeIterationMetric):
    """How well masks are predicted over a whole validation set, from 0 to 1.

    With P and T the predicted and true pixels of a class:

    - "pooled_iou": |P and T| / |P or T|, numerator and denominator each summed over all images; mean over the classes
    - "pooled_dice": 2 |P and T| / (|P| + |T|), summed in the same way
    - "mean_image_iou": |P and T| / |P or T| of each image; mean over its classes, then over the images

    A class that is neither predicted nor true anywhere has no pooled score and is left out of the mean. In the mean
    over images, such a class is left out of an image, too, and so is an image without any class; of a single class,
    an empty prediction of an empty mask counts 1. (That is the published way for binary tasks. It flatters a network
    that predicts nothing, by the part of images that show nothing, as pooled scores do not.) `evaluating` with
    `network_grid` gives the same numbers for the same images.

    Counts are float64, exact for 2**53 pixels; where masks hold nan, so does the score.

    Args:
        name: one of DEFINITIONS.
        include_background: whether the first channel counts.

    Shapes: masks of 0 and 1, (B, C, H, W[, D]) or a list of (C, H, W[, D]), predicted and true, of any type.

    Raises:
        ValueError: for another name; when called with masks of different shapes, or of the background alone; when
            aggregated without any image, or when no true mask shows anything: no weights are better than others then.
    """

    def __init__(self, name: str = "pooled_iou", include_background: bool = True) -> None:
        super().__init__()
        if name not in DEFINITIONS:
            raise ValueError(f"weights are chosen by one of {', '.join(DEFINITIONS)}; got selection_metric {name!r}")
        self.name, self.first = name, 0 if include_background else 1

    def _compute_tensor(self, y_pred: Tensor, y: Tensor | None = None, **options: Any) -> Tensor:
        """Pixels of each image and class that are common, predicted and true, (B, C, 3)."""
        if y is None or y.shape != y_pred.shape:
            raise ValueError(
                f"masks are compared when they have one shape, got {tuple(y_pred.shape)} and "
                f"{None if y is None else tuple(y.shape)}; predict at the size of the labels, both one-hot"
            )
        predicted, true = y_pred[:, self.first :].flatten(2), y[:, self.first :].flatten(2)
        if not predicted.shape[1]:
            raise ValueError("masks of the background alone have no classes to score; give one-hot masks, or count it")
        return torch.stack([_pixels(predicted * true), _pixels(predicted), _pixels(true)], dim=-1)

    def aggregate(self) -> Tensor:
        """The score of all images since the last reset, a tensor without axes."""
        counts = self.get_buffer()
        if counts is None:
            raise ValueError("a validation score needs at least one image; name validation images")
        if not counts[..., 2].any():
            raise ValueError(
                f"weights are chosen by how well they find what validation images show, but the masks of all "
                f"{len(counts)} are empty; name validation images with something to find"
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
    there = union != 0  # nan is
    if there.shape[1] == 1:
        return torch.where(there, common / union, 1.0).mean()
    scores = torch.where(there, common / union, 0.0).sum(1) / there.sum(1)
    return scores[there.any(1)].mean()
