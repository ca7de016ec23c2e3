"""Intensities of infrared images."""

import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.transforms import Transform
from monai.utils import TransformBackends
from torch import Tensor

from srs_monai.data.transforms.dictionary_form import DictionaryForm
from srs_monai.data.transforms.intensities import finite_image, percentiles, to_unit
from srs_monai.data.transforms.match_channels import to_grey, without_alpha
from srs_monai.data.transforms.provenance import check_modality, source_of

_MODALITIES = ("TG", "OT")  # of DICOM: thermography, and copies of a screen
_TINT = 0.25  # mean spread of the channels as a share of the highest value: more is false colour


class Infrared(Transform):
    """Scale an infrared image of 8, 14 or 16 bits to one channel in [0, 1] and keep small bright targets.

    The low percentile of the image becomes 0 and its highest value 1. The top is never clipped: a target of a few
    pixels does not change a percentile, and its peak distinguishes it from clutter. A bright dead pixel therefore sets
    the scale too; repair it first. Grey stored as RGB, RGBA or a palette becomes one channel, and a faint tint its
    luminance. False colours are rejected, because their brightness is not radiation. A uniform image becomes 0. Works
    on the device of the image.

    Args:
        low: percentile of the whole image or sequence that becomes 0, at least 0 and below 100.

    Shapes: (1 to 4, H, W[, F]) gives (1, H, W[, F]), float32.

    Raises:
        ValueError: for low outside its limits; on calling, for false colours, for NaN or infinite values, and for an
            image of another modality.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, low: float = 0.5) -> None:
        if not 0 <= low < 100:
            raise ValueError(f"low must be a percentile, at least 0 and below 100; got {low}")
        self.low = low

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image = without_alpha(finite_image(img))
        check_modality(image, _MODALITIES, "this transform prepares infrared images")
        values = image.as_subclass(torch.Tensor)
        if len(values) == 3 and float((values.amax(0) - values.amin(0)).mean()) > _TINT * float(values.max()):
            raise ValueError(
                f"an infrared image must be grey, but {source_of(image)} is in false colours, whose brightness is not "
                f"radiation; export it in grey"
            )
        grey = to_grey(image)
        low, high = percentiles(grey, [self.low])[0], float(grey.max())
        return to_unit(grey, low if low < high else float(grey.min()), high)  # low == high: nearly all is saturated


class Infraredd(DictionaryForm):
    """Dictionary form of `Infrared`."""

    def __init__(self, keys: KeysCollection, low: float = 0.5, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, Infrared(low), allow_missing_keys)
