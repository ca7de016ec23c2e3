"""Pictures that show a person what was segmented."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import binary_erosion

from srs_monai.inference.writers.written_labels import Colours

_OPACITY = 0.25  # of the fill
_CONTOUR = 1 / 256  # width of a contour, relative to the shorter side of the picture
_TILES = 9
_READABLE = 256  # pixels: smaller slices are enlarged to at least this size
_USUAL = Colours()
_LETTER = 1 / 16  # height of a letter, relative to the shorter side of a tile


def overlay_picture(image: NDArray[np.float32], labels: NDArray[Any], colours: Colours = _USUAL) -> NDArray[np.uint8]:
    """A picture with its labels as coloured contours with translucent fills, in its own size.

    Args:
        image: (C, H, W), grey or RGB, in [0, 1]; other ranges are scaled to it.
        labels: (H, W), 0 is background.
        colours: colours of the labels.

    Returns:
        RGB, (H, W, 3).
    """
    shown = _displayed(image).transpose(1, 2, 0) * 255
    shown = np.repeat(shown, 3, axis=2) if shown.shape[2] == 1 else shown
    width = max(1, round(min(labels.shape) * _CONTOUR))
    for label in np.unique(labels[labels > 0]).tolist():
        colour = np.array(colours.of(label), dtype=np.float32)
        region = labels == label
        inside = binary_erosion(region, iterations=width)
        shown[inside] += _OPACITY * (colour - shown[inside])
        shown[region & ~inside] = colour
    return np.round(shown).astype(np.uint8)


def slices_to_show(areas: NDArray[np.int64]) -> list[int]:
    """Up to nine slices, spread over the labelled slices, or over the whole volume if nothing is labelled.

    Args:
        areas: number of labelled pixels in each slice, (D,).
    """
    return _spread(np.flatnonzero(areas) if areas.any() else np.arange(len(areas)))


def overlay_montage(
    volume: NDArray[np.float32],
    labels: NDArray[Any],
    sides: tuple[str, str] = ("", ""),
    unit: str = "slice",
    *,
    places: Sequence[int] | None = None,
    count: int | None = None,
    colours: Colours = _USUAL,
) -> NDArray[np.uint8]:
    """Slices of a volume with their labels, as chosen by `slices_to_show`.

    Args:
        volume: (C, H, W, D), as for `overlay_picture`; all shown slices have a common range.
        labels: (H, W, D), 0 is background.
        sides: the patient's sides at the left and at the right of a slice, such as "R" and "L".
        unit: name of one element of D.
        places: numbers, from 0, that the D slices have in their volume, if they are already chosen.
        count: number of slices in that volume.
        colours: colours of the labels.

    Returns:
        RGB; up to nine slices, numbered from 1, the lowest first. A line above them says how many slices there are.
        Slices smaller than 256 pixels are enlarged by a whole factor.
    """
    if places is None:
        places, count = slices_to_show((labels > 0).sum(axis=(0, 1))), labels.shape[2]
        volume, labels = volume[..., places], labels[..., places]
    chosen = _displayed(volume)
    factor = math.ceil(_READABLE / min(labels.shape[:2]))
    tiles = []
    for i, place in enumerate(places):
        picture = overlay_picture(_enlarged(chosen[..., i], factor), _enlarged(labels[..., i], factor), colours)
        tiles.append(_marked(picture, f"{unit} {place + 1}", sides))
    across = math.ceil(math.sqrt(len(tiles)))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % across)
    rows = [np.concatenate(tiles[i : i + across], axis=1) for i in range(0, len(tiles), across)]
    return np.concatenate([_headline(rows[0].shape[1], tiles[0], f"{len(places)} of {count} {unit}s"), *rows])


def _displayed(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """An image in [0, 1]: unchanged if it is in this range, else scaled."""
    low, high = float(image.min()), float(image.max())
    if low >= 0 and high <= 1:
        return image
    return (image - low) / (high - low) if high > low else np.zeros_like(image)


def _spread(numbers: NDArray[Any]) -> list[int]:
    """Up to nine evenly spread numbers, including the first and the last."""
    places = np.linspace(0, len(numbers) - 1, min(_TILES, len(numbers))).round().astype(int)
    return [int(number) for number in numbers[places]]


def _enlarged(plane: NDArray[Any], factor: int) -> NDArray[Any]:
    """Each pixel of the last two axes as a square of pixels."""
    return plane.repeat(factor, axis=-2).repeat(factor, axis=-1)


def _letters(tile: NDArray[np.uint8]) -> Any:
    """The font for the size of a tile."""
    return ImageFont.load_default(size=min(tile.shape[:2]) * _LETTER)


def _marked(tile: NDArray[np.uint8], text: str, sides: tuple[str, str]) -> NDArray[np.uint8]:
    """A tile with a text in its corner and the patient's sides at its edges."""
    height, width = tile.shape[:2]
    font = _letters(tile)
    edge = font.size / 3
    places = {(edge, edge, "lt"): text, (edge, height / 2, "lm"): sides[0], (width - edge, height / 2, "rm"): sides[1]}
    picture = Image.fromarray(tile)
    drawing = ImageDraw.Draw(picture)
    for (x, y, anchor), words in places.items():
        drawing.text(
            (x, y),
            words,
            fill="white",
            font=font,
            anchor=anchor,
            stroke_width=max(1, font.size // 12),
            stroke_fill="black",
        )
    return np.asarray(picture)


def _headline(width: int, tile: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    """A text on a black line of a given width."""
    font = _letters(tile)
    picture = Image.new("RGB", (width, math.ceil(1.6 * font.size)))
    ImageDraw.Draw(picture).text((font.size / 3, picture.height / 2), text, fill="white", font=font, anchor="lm")
    return np.asarray(picture)
