"""The normalisation that the authors' released checkpoints were trained with."""

from functools import partial

import torch
from monai.config import KeysCollection
from monai.data import get_track_meta
from monai.utils import convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.dictionary_form import DictionaryForm
from srs_monai.data.transforms.provenance import source_of

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet, for red, green and blue in [0, 1]


class ReleaseNormalized(DictionaryForm):
    """Normalise RGB pictures in [0, 1] as the original release did: ImageNet statistics, then division by 255.

    The results lie between about -0.0083 and 0.0104. The release read medical pictures in the order blue, green, red,
    with the statistics of red, green and blue, and infrared pictures in RGB.

    Args:
        keys: keys of the pictures, scaled to [0, 1] and resized.
        bgr: True for medical pictures, False for infrared pictures.
        allow_missing_keys: skip keys that an item lacks.

    Shapes: (3, H, W[, D]), red first, gives the same shape, with bgr blue first.

    Raises:
        ValueError: on calling, for pictures without three channels or not in [0, 1].
    """

    slice_by_slice = True

    def __init__(self, keys: KeysCollection, bgr: bool = True, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, partial(_normalized, bgr=bgr), allow_missing_keys)


def _normalized(img: Tensor, bgr: bool) -> Tensor:
    image: Tensor = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
    low, high = float(image.min()), float(image.max())
    if image.shape[0] != 3 or low < -1e-6 or high > 1 + 1e-6:
        raise ValueError(
            f"the release's normalisation needs 3 channels in [0, 1], but {source_of(img)} has {image.shape[0]} in "
            f"[{low:g}, {high:g}]; put MatchChannelsd and ToUnitRanged before it"
        )
    mean, std = (image.new_tensor(numbers).reshape(-1, *[1] * (image.ndim - 1)) for numbers in (MEAN, STD))
    ordered = image.flip(0) if bgr else image
    return (ordered - mean) / std / 255
