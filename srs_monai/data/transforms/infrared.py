"""Intensities of infrared images."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.transforms import MapTransform, Transform
from monai.utils import TransformBackends
from torch import Tensor

from srs_monai.data.transforms.grey import to_grey, without_alpha
from srs_monai.data.transforms.intensities import finite_image, percentiles, to_unit
from srs_monai.data.transforms.provenance import check_modality, source_of

_MODALITIES = ("TG", "OT")  # of DICOM: thermography, and copies of a screen
_TINT = 0.25  # mean spread of the channels, of the highest value: more is false colour


class Infrared(Transform):
    """Scale an infrared image of 8, 14 or 16 bits to one channel in [0, 1], small bright targets and all.

    The image's own low percentile becomes 0 and its highest value 1. The top is never cut off: a target of a few pixels
    has no share in any percentile, and its peak is what tells it from clutter; so a dead pixel that is bright sets the
    scale too, and is mended before. Grey that is stored as RGB, RGBA or a
    palette becomes one channel, a faint tint its luminance; false colours, whose brightness is no radiation, are
    refused. An even image becomes 0. Works on the device where the image lies.

    Args:
        low: percentile of the whole image or sequence that becomes 0, at least 0 and below 100.

    Shapes: (1 to 4, H, W[, F]) gives (1, H, W[, F]), float32.

    Raises:
        ValueError: for low outside its limits; on calling, for false colours, for NaN or infinite values, and for an
            image that is known to be of another modality.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, low: float = 0.5) -> None:
        if not 0 <= low < 100:
            raise ValueError(f"low is a percentile, at least 0 and below 100; got {low}")
        self.low = low

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image = without_alpha(finite_image(img))
        check_modality(image, _MODALITIES, "infrared images are prepared here")
        values = image.as_subclass(torch.Tensor)
        if len(values) == 3 and float((values.amax(0) - values.amin(0)).mean()) > _TINT * float(values.max()):
            raise ValueError(
                f"infrared images are grey, but {source_of(image)} is in false colours, whose brightness is no "
                f"radiation; export it in grey"
            )
        grey = to_grey(image)
        low, high = percentiles(grey, [self.low])[0], float(grey.max())
        return to_unit(grey, low if low < high else float(grey.min()), high)  # nearly all of it saturated


class Infraredd(MapTransform):
    """Dictionary form of `Infrared`.

    Args:
        keys: of the images.
        low: see `Infrared`.
        allow_missing_keys: pass over keys that an item lacks.
    """

    backend = Infrared.backend

    def __init__(self, keys: KeysCollection, low: float = 0.5, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.scale = Infrared(low)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.scale(item[key])
        return item
