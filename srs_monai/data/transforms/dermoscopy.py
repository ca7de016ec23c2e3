"""Intensities of dermoscopy pictures."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import get_track_meta
from monai.transforms import MapTransform, Transform
from monai.utils import TransformBackends, convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.grey import without_alpha
from srs_monai.data.transforms.provenance import check_modality, source_of
from srs_monai.data.transforms.remove_hair import RemoveHair
from srs_monai.data.transforms.unit_range import ToUnitRange

_MODALITIES = ("DMS", "XC", "GM", "OT")  # of DICOM: dermoscopy, photography, microscopy, and copies of a screen


class Dermoscopy(Transform):
    """Scale a dermoscopy picture, which is RGB, to [0, 1]; dark hairs are painted over on request.

    Full scale is that of the stored type (255 of 8 bits); where the file states none, the percentiles 0.5 and 99.5 are
    stretched. Works on the device where the picture lies.

    Args:
        remove_hair: paint over what `RemoveHair` takes for hairs.
        hair_width: of usual hairs, in pixels; None: a 64th of the shorter side.

    Shapes: (3, H, W) gives (3, H, W), float32; an alpha channel is dropped.

    Raises:
        ValueError: for a hair_width below 1; on calling, for grey pictures, in one channel or in three that are equal,
            for NaN or infinite values, and for a picture that is known to be of another modality.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, remove_hair: bool = False, hair_width: int | None = None) -> None:
        self.scale, self.without_hair = ToUnitRange(), RemoveHair(hair_width)
        self.remove_hair = remove_hair

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image = without_alpha(convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta()))
        check_modality(image, _MODALITIES, "dermoscopy is prepared here")
        if len(image) != 3 or bool((image == image[:1]).all()):
            raise ValueError(
                f"a dermoscopy picture is RGB, but {source_of(image)} is grey or has other channels ({len(image)}); "
                f"read it in colour, or scale it with ToUnitRanged, which takes grey"
            )
        scaled = self.scale(image)
        return self.without_hair(scaled) if self.remove_hair else scaled


class Dermoscopyd(MapTransform):
    """Dictionary form of `Dermoscopy`.

    Args:
        keys: of the images.
        remove_hair, hair_width: see `Dermoscopy`.
        allow_missing_keys: pass over keys that an item lacks.
    """

    backend = Dermoscopy.backend

    def __init__(
        self,
        keys: KeysCollection,
        remove_hair: bool = False,
        hair_width: int | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.scale = Dermoscopy(remove_hair, hair_width)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.scale(item[key])
        return item
