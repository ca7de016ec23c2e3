"""Ultrasound pictures without the frame that the system draws around them."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from scipy.ndimage import label
from torch import Tensor
from torch.nn.functional import avg_pool2d

from srs_monai.data.transforms.crop_to_box import REGION, Box, CropToBox, CropToBoxd
from srs_monai.data.transforms.match_channels import to_grey
from srs_monai.data.transforms.provenance import meta_of, source_of

_CELLS = 32  # along the shorter side: larger than letters, smaller than an organ
_DENSE = 0.5  # share of a cell's pixels that are bright in tissue; letters and scales fill less
_LARGE = 0.1  # share of the largest part: a smaller part is a grey scale or a bar, not tissue beside a shadow
_FEW = 0.02  # share of a line's pixels: fewer bright pixels are noise and letters
_LEAST = 1 / 3  # share of the picture: a smaller box is chance, in a picture that is nearly black


class CropUltrasound(CropToBox):
    """Crop an ultrasound picture to its tissue: the sector or rectangle without the black frame around it. Invertible.

    If the DICOM file states its region (meta["ultrasound_region"]: top, left, bottom and right in pixels, half open),
    that region is the box. Otherwise the tissue is searched: cells whose pixels are mostly brighter than black form
    connected parts, and the large parts are tissue; letters, scales and colour bars are not. Lines at the edge with
    hardly a bright pixel are cropped too. Dark tissue at the edge can be lost; what lies between bright parts is
    always kept. The picture stays whole if less than a third of it would remain.

    Works on the device of the image; only the map of cells (about 32 x 40 numbers) is copied to the host.

    Args:
        by_region: use the region that the file states.
        black: share of the picture's range up to which a pixel is black, at least 0 and below 1.

    Shapes: (C, H, W[, F]) gives (C, h, w[, F]); all frames share one box, around what is bright in any of them.

    Raises:
        ValueError: for black outside its limits; on calling, for a region that does not lie in the picture.
    """

    def __init__(self, by_region: bool = True, black: float = 0.02) -> None:
        super().__init__()
        if not 0 <= black < 1:
            raise ValueError(f"black must be a share of the range, at least 0 and below 1; got {black}")
        self.by_region, self.black = by_region, black

    def box(self, image: Tensor) -> Box:
        """The part that shows tissue."""
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
    """Dictionary form of `CropUltrasound`, with the keys of `CropToBoxd`."""

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
            f"an ultrasound region must lie in its picture, but that of {source_of(image)} is rows {top} to {bottom} "
            f"and columns {left} to {right} of {height} x {width}; set by_region to false"
        )
    return top, left, bottom, right


def _tissue(bright: Tensor) -> Box:
    """The box around the large bright parts, one cell wider on every side."""
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
    """The box without the lines at its edge that hold few bright pixels: rows first, then columns."""
    top, left, bottom, right = box
    first, last = _lines(bright[top:bottom, left:right])
    top, bottom = top + first, top + last
    first, last = _lines(bright[top:bottom, left:right].T)
    return top, left + first, bottom, left + last


def _lines(bright: Tensor) -> tuple[int, int]:
    """The range of lines from the first to the last that holds enough bright pixels; all lines if none does."""
    full = (bright.float().mean(1) > _FEW).nonzero()
    return (int(full[0]), int(full[-1]) + 1) if len(full) else (0, len(bright))
