"""Borders that cameras and screen copies leave around a picture."""

from collections.abc import Hashable

import torch
from monai.config import KeysCollection
from torch import Tensor

from srs_monai.data.transforms.crop_to_box import Box, CropToBox, CropToBoxd
from srs_monai.data.transforms.match_channels import to_grey


class CropBorder(CropToBox):
    """Crop the thin white or black border that cameras and screen copies leave around a picture. Invertible.

    On each side, the border ends at the innermost abrupt step among the outermost lines: there the median of a line
    and that of the next line differ by more than `step` of the picture's range. A cloud or horizon that fades, and
    anything farther inside, is not cropped. Works on the device of the image.

    Args:
        width: largest width of a border in pixels, at least 1.
        step: share of the range, above 0 and below 1.

    Shapes: (C, H, W[, F]) gives (C, h, w[, F]); all frames share one box.

    Raises:
        ValueError: for a width or step outside these limits.
    """

    def __init__(self, width: int = 6, step: float = 0.2) -> None:
        super().__init__()
        if width < 1 or not 0 < step < 1:
            raise ValueError(
                f"the border width must be at least 1 pixel and the step between 0 and 1; got width {width}, step "
                f"{step}"
            )
        self.width, self.step = width, step

    def box(self, image: Tensor) -> Box:
        """The picture without its border."""
        grey = to_grey(image)[0].as_subclass(torch.Tensor)
        plane = grey.flatten(2).mean(-1) if grey.ndim > 2 else grey
        least = self.step * (plane.max() - plane.min())
        sides = [plane, plane.T, plane.flip(0), plane.T.flip(0)]  # from above, the left, below and the right
        top, left, bottom, right = (self._lines(side, least) for side in sides)
        return top, left, len(plane) - bottom, plane.shape[1] - right

    def _lines(self, side: Tensor, least: Tensor) -> int:
        """Count the first lines that are border; fewer than half of all lines, so that a picture remains."""
        width = min(self.width, (len(side) - 1) // 2)
        medians = side[: width + 1].median(dim=1).values
        steps = ((medians[1:] - medians[:-1]).abs() > least).nonzero()
        return int(steps[-1]) + 1 if len(steps) else 0


class CropBorderd(CropToBoxd):
    """Dictionary form of `CropBorder`, with the keys of `CropToBoxd`."""

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
