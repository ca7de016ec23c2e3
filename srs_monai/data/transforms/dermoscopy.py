"""Intensities of dermoscopy pictures."""

import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import get_track_meta
from monai.transforms import Transform
from monai.utils import TransformBackends, convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.dictionary_form import DictionaryForm
from srs_monai.data.transforms.match_channels import without_alpha
from srs_monai.data.transforms.provenance import check_modality, source_of
from srs_monai.data.transforms.remove_hair import RemoveHair
from srs_monai.data.transforms.unit_range import ToUnitRange

_MODALITIES = ("DMS", "XC", "GM", "OT")  # of DICOM: dermoscopy, photography, microscopy, and copies of a screen


class Dermoscopy(Transform):
    """Scale a dermoscopy picture, RGB, to [0, 1]; dark hairs are painted over if requested.

    The scale is that of the stored type (255 for 8 bits). If the file states none, the percentiles 0.5 and 99.5 become
    0 and 1. Works on the device of the picture.

    Args:
        remove_hair: paint hairs over with `RemoveHair`.
        hair_width: width of usual hairs in pixels; None: a 64th of the shorter side.

    Shapes: (3, H, W) gives (3, H, W), float32; an alpha channel is dropped.

    Raises:
        ValueError: for a hair_width below 1; on calling, for grey pictures (one channel, or three equal ones), for NaN
            or infinite values, and for a picture of another modality.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, remove_hair: bool = False, hair_width: int | None = None) -> None:
        self.scale, self.without_hair = ToUnitRange(), RemoveHair(hair_width)
        self.remove_hair = remove_hair

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image = without_alpha(convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta()))
        check_modality(image, _MODALITIES, "this transform prepares dermoscopy")
        if len(image) != 3 or bool((image == image[:1]).all()):
            raise ValueError(
                f"a dermoscopy picture must be RGB, but {source_of(image)} is grey or has other channels "
                f"({len(image)}); read it in colour, or use ToUnitRanged, which accepts grey"
            )
        scaled = self.scale(image)
        return self.without_hair(scaled) if self.remove_hair else scaled


class Dermoscopyd(DictionaryForm):
    """Dictionary form of `Dermoscopy`."""

    def __init__(
        self,
        keys: KeysCollection,
        remove_hair: bool = False,
        hair_width: int | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, Dermoscopy(remove_hair, hair_width), allow_missing_keys)
