"""Pictures in which a person sees what was segmented."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion

from srs_monai.inference.writers.colours import colour_of

_OPACITY = 0.25  # of the fill
_CONTOUR = 1 / 256  # of the shorter side, in width
_TILES = 9


def overlay_picture(image: NDArray[np.float32], labels: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture with its labels as coloured contours over translucent fills, at its own size.

    Args:
        image: (C, H, W), grey or RGB; in [0, 1], other ranges are stretched to it.
        labels: (H, W), 0 is background.

    Returns:
        RGB, (H, W, 3).
    """
    shown = _displayed(image).transpose(1, 2, 0) * 255
    shown = np.repeat(shown, 3, axis=2) if shown.shape[2] == 1 else shown
    width = max(1, round(min(labels.shape) * _CONTOUR))
    for label in np.unique(labels[labels > 0]).tolist():
        colour = np.array(colour_of(label), dtype=np.float32)
        region = labels == label
        inside = binary_erosion(region, iterations=width)
        shown[inside] += _OPACITY * (colour - shown[inside])
        shown[region & ~inside] = colour
    return np.round(shown).astype(np.uint8)


def overlay_montage(volume: NDArray[np.float32], labels: NDArray[Any]) -> NDArray[np.uint8]:
    """Slices of a volume with their labels, spread over what was segmented, or over the volume where nothing was.

    Args:
        volume: (C, H, W, D), as `overlay_picture`; a common range for all slices.
        labels: (H, W, D), 0 is background.

    Returns:
        RGB; up to nine slices, each at its own size and numbered from 1, the lowest first.
    """
    area = (labels > 0).sum(axis=(0, 1))
    numbers = _spread(np.flatnonzero(area) if area.any() else np.arange(labels.shape[2]))
    chosen = _displayed(volume[..., numbers])
    tiles = []
    for place, number in enumerate(numbers):
        tile = Image.fromarray(overlay_picture(chosen[..., place], labels[..., number]))
        ImageDraw.Draw(tile).text((4, 4), f"{number + 1} of {labels.shape[2]}", fill="white", stroke_fill="black")
        tiles.append(np.asarray(tile))
    across = math.ceil(math.sqrt(len(tiles)))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % across)
    return np.concatenate([np.concatenate(tiles[i : i + across], axis=1) for i in range(0, len(tiles), across)])


def _displayed(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """An image in [0, 1]: as it is when it is there already, else stretched."""
    low, high = float(image.min()), float(image.max())
    if low >= 0 and high <= 1:
        return image
    return (image - low) / (high - low) if high > low else np.zeros_like(image)


def _spread(numbers: NDArray[Any]) -> list[int]:
    """Up to nine numbers, evenly spread, with the first and the last."""
    places = np.linspace(0, len(numbers) - 1, min(_TILES, len(numbers))).round().astype(int)
    return [int(number) for number in numbers[places]]
