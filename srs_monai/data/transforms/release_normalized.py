"""The preprocessing that the authors' released checkpoints were trained with."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.data import get_track_meta
from monai.transforms import MapTransform
from monai.utils import convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.provenance import source_of

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, of red, green and blue on the 0..1 scale


class ReleaseNormalized(MapTransform):
    """Normalise RGB pictures in [0, 1] as the original release did: ImageNet statistics, then 255 once more.

    The division of the normalised values by 255 leaves inputs between about -0.0083 and 0.0104. Medical pictures went
    through it in the order blue, green, red, with the statistics of red, green and blue; infrared ones in RGB.

    Args:
        keys: of the pictures, scaled to [0, 1] and resized.
        bgr: True as for medical pictures, False as for infrared ones.
        allow_missing_keys: pass over keys that an item lacks.

    Shapes: (3, H, W[, D]), red first, gives the same shape, with bgr blue first.

    Raises:
        ValueError: on calling, for pictures without three channels or not in [0, 1].
    """

    def __init__(self, keys: KeysCollection, bgr: bool = True, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.bgr = bgr

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self._normalized(item[key])
        return item

    def _normalized(self, img: Tensor) -> Tensor:
        image: Tensor = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
        low, high = float(image.min()), float(image.max())
        if image.shape[0] != 3 or low < -1e-6 or high > 1 + 1e-6:
            raise ValueError(
                f"the release's preprocessing takes 3 channels in [0, 1], but {source_of(img)} has {image.shape[0]} in "
                f"[{low:g}, {high:g}]; put MatchChannelsd and ToUnitRanged in front"
            )
        mean, std = (image.new_tensor(numbers).reshape(-1, *[1] * (image.ndim - 1)) for numbers in (MEAN, STD))
        ordered = image.flip(0) if self.bgr else image
        return (ordered - mean) / std / 255
