"""Lines at the edge of a picture that do not belong to it."""

from collections.abc import Hashable

import torch
from monai.config import KeysCollection
from torch import Tensor

from srs_monai.data.transforms.crop_to_box import Box, CropToBox, CropToBoxd
from srs_monai.data.transforms.grey import to_grey


class CropBorder(CropToBox):
    """Crop the thin white or black border that cameras and screen copies leave round a picture. Invertible.

    On each side, the outermost lines are border up to the last abrupt step: where the median of a line and that of the
    next one inwards differ by more than a share of the picture's range. A cloud or horizon that fades, and anything
    farther inside, is no border. Works on the device where the image lies.

    Args:
        width: lines that a border may have, in pixels, at least 1.
        step: share of the range, above 0 and below 1.

    Shapes: (C, H, W[, F]) gives (C, h, w[, F]); frames share one box.

    Raises:
        ValueError: for a width or step outside these limits.
    """

    def __init__(self, width: int = 6, step: float = 0.2) -> None:
        super().__init__()
        if width < 1 or not 0 < step < 1:
            raise ValueError(
                f"a border is at least 1 pixel wide and its step a share between 0 and 1; got width {width}, step "
                f"{step}"
            )
        self.width, self.step = width, step

    def box(self, image: Tensor) -> Box:
        """Where the picture is without its border."""
        grey = to_grey(image)[0].as_subclass(torch.Tensor)
        plane = grey.flatten(2).mean(-1) if grey.ndim > 2 else grey
        least = self.step * (plane.max() - plane.min())
        sides = [plane, plane.T, plane.flip(0), plane.T.flip(0)]  # from above, the left, below and the right
        top, left, bottom, right = (self._lines(side, least) for side in sides)
        return top, left, len(plane) - bottom, plane.shape[1] - right

    def _lines(self, side: Tensor, least: Tensor) -> int:
        """How many of the first lines are border; less than half of all, so that something is left."""
        width = min(self.width, (len(side) - 1) // 2)
        medians = side[: width + 1].median(dim=1).values
        steps = ((medians[1:] - medians[:-1]).abs() > least).nonzero()
        return int(steps[-1]) + 1 if len(steps) else 0


class CropBorderd(CropToBoxd):
    """Dictionary form of `CropBorder`.

    Args:
        keys: of the images and masks, of one size.
        width, step: see `CropBorder`.
        source_key: of the image in which the border is looked for.
        label_key: of the mask, nothing of which may be cut off.
        allow_missing_keys: pass over keys that an item lacks.
    """

    def __init__(
        self,
        keys: KeysCollection,
        width: int = 6,
        step: float = 0.2,
        source_key: Hashable = "image",
        label_key: Hashable = "label",
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, CropBorder(width, step), source_key, label_key, allow_missing_keys)
