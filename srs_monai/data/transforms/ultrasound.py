"""Intensities of ultrasound pictures."""

from collections.abc import Hashable, Mapping
from typing import Any

from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import get_track_meta
from monai.transforms import MapTransform, Transform
from monai.utils import TransformBackends, convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.grey import to_grey
from srs_monai.data.transforms.provenance import check_modality
from srs_monai.data.transforms.unit_range import ToUnitRange

_MODALITIES = ("US", "IVUS", "OT")  # of DICOM; OT: copies of a screen


class Ultrasound(Transform):
    """Turn an ultrasound picture grey and scale it to [0, 1]; coloured overlays become their luminance.

    Full scale is that of the stored type (255 of 8 bits); where the file states none, the percentiles 0.5 and 99.5 are
    stretched. Works on the device where the image lies. `CropUltrasound` takes the frame off, before.

    Shapes: (1 or 3, H, W[, F]) gives (1, H, W[, F]), float32; an alpha channel is dropped.

    Raises:
        ValueError: on calling, for other channels, for NaN or infinite values, and for an image that is known to be of
            another modality.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self) -> None:
        self.scale = ToUnitRange()

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image: Tensor = convert_to_tensor(img, track_meta=get_track_meta())
        check_modality(image, _MODALITIES, "ultrasound is prepared here")
        return self.scale(to_grey(image))


class Ultrasoundd(MapTransform):
    """Dictionary form of `Ultrasound`.

    Args:
        keys: of the images.
        allow_missing_keys: pass over keys that an item lacks.
    """

    backend = Ultrasound.backend

    def __init__(self, keys: KeysCollection, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.scale = Ultrasound()

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.scale(item[key])
        return item
