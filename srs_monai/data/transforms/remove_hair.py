"""Dermoscopy pictures without dark hairs."""

import math
from functools import reduce

import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import MetaTensor
from monai.transforms import Transform
from monai.utils import TransformBackends
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d, pad

from srs_monai.data.transforms.dictionary_form import DictionaryForm
from srs_monai.data.transforms.intensities import finite_image
from srs_monai.data.transforms.provenance import source_of
from srs_monai.data.transforms.resize_image import resize_pictures
from srs_monai.text import by

_ANGLES = tuple(i * math.pi / 8 for i in range(8))  # between a line and the columns
_ENOUGH = 4  # pixels across a hair; wider hairs are found and painted in a smaller picture
_LENGTH = 1.75  # half the length of the shortest hair, in widths: longer than a dot is wide


class RemoveHair(Transform):
    """Paint dark hairs over with the skin around them.

    Grey closing along a short line fills what is dark and narrower than the line: hairs across their width and small
    dots, but not lesions. Among the pixels filled in any of eight directions, those on long straight lines are hair.
    They are replaced by the mean of the skin nearby. Dark corners and round vignettes stay, because they are wide.
    Fine dark nets in lesions lose some contrast, and the marks of rulers are removed like hairs.

    Works on the device of the picture.

    Args:
        width: width of usual hairs in pixels, at least 1; hairs up to twice as wide are found. None: a 64th of the
            shorter side.
        contrast: how much darker than its surroundings a hair is in any channel, between 0 and 1.

    Shapes: (C, H, W) in [0, 1] gives the same, float32.

    Raises:
        ValueError: for a width or contrast outside these limits; on calling, for other shapes and ranges.

    Source: the idea of Lee et al., "DullRazor", Computers in Biology and Medicine 27(6), 1997.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, width: int | None = None, contrast: float = 0.07) -> None:
        if (width is not None and width < 1) or not 0 < contrast < 1:
            raise ValueError(
                f"the hair width must be at least 1 pixel and the contrast between 0 and 1; got width {width}, "
                f"contrast {contrast}"
            )
        self.width, self.contrast = width, contrast

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image = finite_image(img)
        low, high = float(image.min()), float(image.max())
        if image.ndim != 3 or low < 0 or high > 1:
            raise ValueError(
                f"hair removal needs pictures (C, H, W) in [0, 1], but {source_of(image)} has {by(image.shape)} values "
                f"in [{low:g}, {high:g}]; put ToUnitRanged before it"
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
        """The pixels that are hair, (1, H, W)."""
        filled = reduce(torch.maximum, (_closed(picture, angle, width) for angle in _ANGLES))
        dark = (filled - picture).amax(0, keepdim=True) > self.contrast
        wider = max_pool2d(dark.float(), 3, stride=1, padding=1)  # a hair's soft borders
        length = max(1, round(_LENGTH * width))
        lines = reduce(torch.maximum, (_opened(wider, angle, length) for angle in _ANGLES))
        near = max_pool2d(lines, 2 * length + 1, stride=1, padding=length)  # their ends, bends and crossings
        return (near * wider) > 0


class RemoveHaird(DictionaryForm):
    """Dictionary form of `RemoveHair`."""

    def __init__(
        self,
        keys: KeysCollection,
        width: int | None = None,
        contrast: float = 0.07,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, RemoveHair(width, contrast), allow_missing_keys)


def _closed(picture: Tensor, angle: float, reach: int) -> Tensor:
    """Grey closing of (C, H, W) by a line of 2 * reach + 1 pixels."""
    # the edge is repeated, so that dark parts at the edge count as wide
    wide = pad(picture[None], (2 * reach,) * 4, mode="replicate")[0]
    return -_highest(-_highest(wide, angle, reach), angle, reach)


def _opened(mask: Tensor, angle: float, reach: int) -> Tensor:
    """Opening of (1, H, W) by a line of 2 * reach + 1 pixels that lies wholly in the picture."""
    wide = pad(mask, (2 * reach,) * 4)
    return _highest(-_highest(-wide, angle, reach), angle, reach)


def _highest(picture: Tensor, angle: float, reach: int) -> Tensor:
    """Highest value on a line around each pixel; the result is `reach` smaller on every side."""
    height, width = (side - 2 * reach for side in picture.shape[1:])
    steps = range(-reach, reach + 1)
    corners = ((reach + round(step * math.sin(angle)), reach + round(step * math.cos(angle))) for step in steps)
    return reduce(torch.maximum, (picture[:, top : top + height, left : left + width] for top, left in corners))


def _painted(picture: Tensor, hairs: Tensor, width: int) -> Tensor:
    """Replace hairs by the mean of the skin nearby, then smooth them into their surroundings."""
    if bool(hairs.all()):
        return picture
    known, todo, window = (~hairs).float(), hairs, 2 * width + 1
    while bool(todo.any()):  # once or twice: windows grow where hairs are dense
        share, mean = _mean(known, window), _mean(picture * known, window)
        near = todo & (share > 0)
        picture = torch.where(near, mean / share, picture)
        todo = todo & ~near
        window = 2 * window + 1
    for _ in range(4 * width):
        picture = torch.where(hairs, _mean(picture, 3), picture)
    return picture


def _mean(picture: Tensor, window: int) -> Tensor:
    """Mean over a square window of an odd side around each pixel, without what lies outside the picture."""
    return avg_pool2d(picture, window, stride=1, padding=window // 2, count_include_pad=False)
