"""Ultrasound pictures without what the system writes round them."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from scipy.ndimage import label
from torch import Tensor
from torch.nn.functional import avg_pool2d

from srs_monai.data.transforms.crop_to_box import REGION, Box, CropToBox, CropToBoxd
from srs_monai.data.transforms.grey import to_grey
from srs_monai.data.transforms.provenance import meta_of, source_of

_CELLS = 32  # along the shorter side: larger than letters, smaller than an organ
_DENSE = 0.5  # share of a cell's pixels; letters and scales fill less
_LARGE = 0.1  # of the largest part: tissue that a shadow divides, rather than a grey scale or a bar
_FEW = 0.02  # of a line's pixels: noise and letters, not tissue
_LEAST = 1 / 3  # of the picture: less is what a picture that is nearly all black happens to show


class CropUltrasound(CropToBox):
    """Crop an ultrasound picture to its tissue: the sector or rectangle without the black frame round it. Invertible.

    Where the reader knows the region that the DICOM file states (meta["ultrasound_region"]: top, left, bottom and right
    in pixels, half open), it is the box. Else the tissue is looked for: cells of the picture of which half is brighter
    than black make parts, the large ones are tissue; letters, scales and colour bars outside are none. Lines at the
    edge in which hardly a pixel is bright go too. Dark tissue at the edge can be lost, what lies between bright parts
    never is; a picture stays whole where less than a third of it would be left.

    Works on the device where the image lies; of the search, the map of cells (some 32 x 40 numbers) goes to the host.

    Args:
        by_region: believe the region that the file states.
        black: share of the picture's range up to which a pixel is black, at least 0 and below 1.

    Shapes: (C, H, W[, F]) gives (C, h, w[, F]); all frames of a sequence are cut to one box, that of all that is
    bright in any of them.

    Raises:
        ValueError: for black outside its limits; on calling, for a region that is no part of the picture.
    """

    def __init__(self, by_region: bool = True, black: float = 0.02) -> None:
        super().__init__()
        if not 0 <= black < 1:
            raise ValueError(f"black is a share of the range, at least 0 and below 1; got {black}")
        self.by_region, self.black = by_region, black

    def box(self, image: Tensor) -> Box:
        """Where the tissue is."""
        region = meta_of(image).get(REGION) if self.by_region else None
        if region is not None:
            return _stated(region, image)
        grey = to_grey(image)[0].as_subclass(torch.Tensor)
        plane = grey.flatten(2).amax(-1) if grey.ndim > 2 else grey
        bright = plane > plane.min() + self.black * (plane.max() - plane.min())
        top, left, bottom, right = _trimmed(bright, _tissue(bright))
        if (bottom - top) * (right - left) < _LEAST * bright.numel():
            return 0, 0, *bright.shape
        return top, left, bottom, right


class CropUltrasoundd(CropToBoxd):
    """Dictionary form of `CropUltrasound`.

    Args:
        keys: of the images and masks, of one size.
        by_region, black: see `CropUltrasound`.
        source_key: of the image in which the tissue is looked for.
        label_key: of the mask, nothing of which may be cut off.
        allow_missing_keys: pass over keys that an item lacks.
    """

    def __init__(
        self,
        keys: KeysCollection,
        by_region: bool = True,
        black: float = 0.02,
        source_key: Hashable = "image",
        label_key: Hashable = "label",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, CropUltrasound(by_region, black), source_key, label_key, allow_missing_keys)


def _stated(region: Any, image: Tensor) -> Box:
    top, left, bottom, right = (int(side) for side in region)
    height, width = image.shape[1:3]
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        raise ValueError(
            f"an ultrasound region is a part of its picture, but that of {source_of(image)} is rows {top} to {bottom} "
            f"and columns {left} to {right} of {height} x {width}; set by_region to false"
        )
    return top, left, bottom, right


def _tissue(bright: Tensor) -> Box:
    """The box of the large bright parts, a cell wider on every side."""
    height, width = bright.shape
    side = max(1, round(min(height, width) / _CELLS))
    cells = avg_pool2d(bright[None].float(), side, ceil_mode=True, count_include_pad=False)[0] > _DENSE
    parts, count = label(cells.cpu().numpy(), structure=np.ones((3, 3)))
    if not count:
        return 0, 0, height, width
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    rows, columns = np.nonzero((sizes >= _LARGE * sizes.max())[parts])
    top, left = max(0, rows.min() - 1) * side, max(0, columns.min() - 1) * side
    return int(top), int(left), min(height, int(rows.max() + 2) * side), min(width, int(columns.max() + 2) * side)


def _trimmed(bright: Tensor, box: Box) -> Box:
    """The box without the lines at its edge of which few pixels are bright: rows first, then columns."""
    top, left, bottom, right = box
    first, last = _lines(bright[top:bottom, left:right])
    top, bottom = top + first, top + last
    first, last = _lines(bright[top:bottom, left:right].T)
    return top, left + first, bottom, left + last


def _lines(bright: Tensor) -> tuple[int, int]:
    """The first line with more than few bright pixels, and the one after the last; all where there is none."""
    full = (bright.float().mean(1) > _FEW).nonzero()
    return (int(full[0]), int(full[-1]) + 1) if len(full) else (0, len(bright))
