"""Intensities of ultrasound pictures."""

from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import get_track_meta
from monai.transforms import Transform
from monai.utils import TransformBackends, convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.dictionary_form import DictionaryForm
from srs_monai.data.transforms.match_channels import to_grey
from srs_monai.data.transforms.provenance import check_modality
from srs_monai.data.transforms.unit_range import ToUnitRange

_MODALITIES = ("US", "IVUS", "OT")  # of DICOM; OT: screen copies


class Ultrasound(Transform):
    """Convert an ultrasound picture to grey and scale it to [0, 1]; coloured overlays become their luminance.

    The scale is that of the stored type (255 for 8 bits). If the file states none, the percentiles 0.5 and 99.5 become
    0 and 1. Works on the device of the image. Use `CropUltrasound` first to remove the frame.

    Shapes: (1 or 3, H, W[, F]) gives (1, H, W[, F]), float32; an alpha channel is dropped.

    Raises:
        ValueError: on calling, for other numbers of channels, for NaN or infinite values, and for an image of another
            modality.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self) -> None:
        self.scale = ToUnitRange()

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image: Tensor = convert_to_tensor(img, track_meta=get_track_meta())
        check_modality(image, _MODALITIES, "this transform prepares ultrasound")
        return self.scale(to_grey(image))


class Ultrasoundd(DictionaryForm):
    """Dictionary form of `Ultrasound`."""

    def __init__(self, keys: KeysCollection, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, Ultrasound(), allow_missing_keys)
