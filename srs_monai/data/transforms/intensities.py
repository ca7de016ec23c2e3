"""Arithmetic that several intensity transforms share."""

from collections.abc import Sequence

import numpy as np
import torch
from monai.config import NdarrayOrTensor
from monai.data import get_track_meta
from monai.utils import convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.provenance import source_of, without_stored_max


def finite_image(img: NdarrayOrTensor) -> Tensor:
    """An image as float32 on its device; a ValueError names the file if values are NaN or infinite."""
    image: Tensor = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
    if torch.isfinite(image.sum()):  # NaN and infinity show in the sum, and no boolean array is needed
        return image
    not_finite = int((~torch.isfinite(image)).sum())
    if not_finite:  # the sum of large finite numbers may be infinite, too
        raise ValueError(
            f"values must be finite, but {not_finite} of {image.numel()} in {source_of(image)} are NaN or infinite; "
            f"repair or remove the file"
        )
    return image


def to_unit(image: Tensor, low: float, high: float) -> Tensor:
    """Scale `low` to 0 and `high` to 1 and clip the rest; zeros if both are equal."""
    scaled = (image - low) / (high - low) if high > low else torch.zeros_like(image)
    return without_stored_max(scaled.clamp(0.0, 1.0))


def percentiles(image: Tensor, percents: Sequence[float]) -> list[float]:
    """Percentiles of all values, interpolated linearly."""
    values = image.detach().as_subclass(torch.Tensor).flatten()
    if values.device.type == "cpu":  # NumPy needs no second array of indices
        return [float(value) for value in np.percentile(values.numpy(), percents)]
    return [percentile_on_device(values, percent) for percent in percents]


def percentile_on_device(values: Tensor, percent: float) -> float:
    """A percentile of values (N,), computed on their device."""
    place = percent / 100 * (len(values) - 1)
    below = int(place)
    lower = float(values.kthvalue(below + 1).values)
    upper = float(values.kthvalue(min(below + 2, len(values))).values)
    return lower + (place - below) * (upper - lower)
