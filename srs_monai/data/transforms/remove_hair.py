"""Dermoscopy pictures without dark hairs."""

import math
from collections.abc import Hashable, Mapping
from functools import reduce
from typing import Any

import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import MetaTensor
from monai.transforms import MapTransform, Transform
from monai.utils import TransformBackends
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d, pad

from srs_monai.data.transforms.intensities import finite_image
from srs_monai.data.transforms.provenance import source_of
from srs_monai.data.transforms.resize_image import resize_pictures
from srs_monai.text import by

_ANGLES = tuple(i * math.pi / 8 for i in range(8))  # of lines, against the columns
_ENOUGH = 4  # pixels across a hair; where it has more, hairs are found and painted in a smaller picture
_LENGTH = 1.75  # half of the shortest hair, in widths: straight for so long, and longer than a dot is wide


class RemoveHair(Transform):
    """Paint dark hairs over with the skin round them.

    Closing along a short line fills what is dark and narrower than the line: hairs across themselves, small dots, and
    nothing of a lesion. Of what is filled in any of eight directions, that which is long and straight enough is hair,
    and is replaced by the mean of what is near and no hair. Dark corners and round vignettes stay, since they are wide.
    Fine dark nets in lesions lose some of their contrast, and the marks of rulers go as hairs do.

    Works on the device where the picture lies.

    Args:
        width: of usual hairs, in pixels, at least 1; those up to twice as wide are found. None: a 64th of the shorter
            side.
        contrast: by which a hair is darker than its surroundings in any channel, of [0, 1], above 0 and below 1.

    Shapes: (C, H, W) in [0, 1] gives the same, float32.

    Raises:
        ValueError: for a width or contrast outside these limits; on calling, for other shapes and ranges.

    Source: the idea of Lee et al., "DullRazor", Computers in Biology and Medicine 27(6), 1997.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, width: int | None = None, contrast: float = 0.07) -> None:
        if (width is not None and width < 1) or not 0 < contrast < 1:
            raise ValueError(
                f"hairs are at least 1 pixel wide and their contrast a share between 0 and 1; got width {width}, "
                f"contrast {contrast}"
            )
        self.width, self.contrast = width, contrast

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image = finite_image(img)
        low, high = float(image.min()), float(image.max())
        if image.ndim != 3 or low < 0 or high > 1:
            raise ValueError(
                f"hairs are removed from pictures (C, H, W) in [0, 1], but {source_of(image)} has {by(image.shape)} "
                f"values in [{low:g}, {high:g}]; put ToUnitRanged in front"
            )
        width = self.width or max(1, round(min(image.shape[1:]) / 64))
        painted = self._without_hairs(image.as_subclass(torch.Tensor), width)
        return MetaTensor(painted).copy_meta_from(image) if isinstance(image, MetaTensor) else painted

    def _without_hairs(self, picture: Tensor, width: int) -> Tensor:
        if width <= _ENOUGH:
            return _painted(picture, self._hairs(picture, width), width)
        size = picture.shape[1:]
        small = resize_pictures(picture[None], [max(1, round(side * _ENOUGH / width)) for side in size])[0]
        hairs = self._hairs(small, _ENOUGH)
        painted = resize_pictures(_painted(small, hairs, _ENOUGH)[None], size)[0]
        return torch.where(interpolate(hairs[None].float(), size, mode="nearest-exact")[0] > 0, painted, picture)

    def _hairs(self, picture: Tensor, width: int) -> Tensor:
        """Where hairs are, (1, H, W)."""
        filled = reduce(torch.maximum, (_closed(picture, angle, width) for angle in _ANGLES))
        dark = (filled - picture).amax(0, keepdim=True) > self.contrast
        wider = max_pool2d(dark.float(), 3, stride=1, padding=1)  # a hair's soft borders
        length = max(1, round(_LENGTH * width))
        lines = reduce(torch.maximum, (_opened(wider, angle, length) for angle in _ANGLES))
        near = max_pool2d(lines, 2 * length + 1, stride=1, padding=length)  # their ends, bends and crossings
        return (near * wider) > 0


class RemoveHaird(MapTransform):
    """Dictionary form of `RemoveHair`.

    Args:
        keys: of the images.
        width, contrast: see `RemoveHair`.
        allow_missing_keys: pass over keys that an item lacks.
    """

    backend = RemoveHair.backend

    def __init__(
        self,
        keys: KeysCollection,
        width: int | None = None,
        contrast: float = 0.07,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.remove = RemoveHair(width, contrast)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.remove(item[key])
        return item


def _closed(picture: Tensor, angle: float, reach: int) -> Tensor:
    """Grey closing of (C, H, W) by a line of 2 * reach + 1 pixels."""
    # repeated beyond the edge, so that what is dark at the edge counts as wide
    wide = pad(picture[None], (2 * reach,) * 4, mode="replicate")[0]
    return -_highest(-_highest(wide, angle, reach), angle, reach)


def _opened(mask: Tensor, angle: float, reach: int) -> Tensor:
    """Opening of (1, H, W) by a line of 2 * reach + 1 pixels, all of which lie in the picture."""
    wide = pad(mask, (2 * reach,) * 4)
    return _highest(-_highest(-wide, angle, reach), angle, reach)


def _highest(picture: Tensor, angle: float, reach: int) -> Tensor:
    """Highest value on a line round each pixel; the result is `reach` smaller on every side."""
    height, width = (side - 2 * reach for side in picture.shape[1:])
    steps = range(-reach, reach + 1)
    corners = ((reach + round(step * math.sin(angle)), reach + round(step * math.cos(angle))) for step in steps)
    return reduce(torch.maximum, (picture[:, top : top + height, left : left + width] for top, left in corners))


def _painted(picture: Tensor, hairs: Tensor, width: int) -> Tensor:
    """The picture with hairs replaced by the mean of what is near, then smoothed until it joins its surroundings."""
    if bool(hairs.all()):
        return picture
    known, todo, window = (~hairs).float(), hairs, 2 * width + 1
    while bool(todo.any()):  # once or twice: windows grow where hairs lie thick
        share, mean = _mean(known, window), _mean(picture * known, window)
        near = todo & (share > 0)
        picture = torch.where(near, mean / share, picture)
        todo = todo & ~near
        window = 2 * window + 1
    for _ in range(4 * width):
        picture = torch.where(hairs, _mean(picture, 3), picture)
    return picture


def _mean(picture: Tensor, window: int) -> Tensor:
    """Mean over a square window round each pixel, of an odd side; what lies outside the picture does not count."""
    return avg_pool2d(picture, window, stride=1, padding=window // 2, count_include_pad=False)
