"""Intensities as read, scaled to [0, 1]."""

from typing import Literal, get_args

from monai.config import KeysCollection, NdarrayOrTensor
from monai.transforms import Transform
from monai.utils import TransformBackends
from torch import Tensor

from srs_monai.data.transforms.ct_window import CTWindow
from srs_monai.data.transforms.dictionary_form import DictionaryForm
from srs_monai.data.transforms.intensities import finite_image, percentiles, to_unit
from srs_monai.data.transforms.provenance import meta_of, source_of, stored_max_of

Intensity = Literal["auto", "window", "range", "percentile"]
PERCENTILES = (0.5, 99.5)


class ToUnitRange(Transform):
    """Scale an image to [0, 1], float32; values outside are clipped.

    Args:
        intensity: "window" shows one window of a CT image; "range" divides by the full scale of the stored type;
            "percentile" scales the image's percentiles 0.5 and 99.5 (minimum and maximum if those are equal) to 0 and
            1; "auto" is "window" for CT read from DICOM, "range" if the stored type has a full scale (pictures), else
            "percentile".
        window_level: centre of the window, in HU (soft tissue: 40).
        window_width: full width of the window, in HU, above 0 (soft tissue: 400).

    Shapes: any, image (C, H, W) or volume (C, H, W, D); percentiles are those of the whole image.

    Raises:
        ValueError: for an unknown intensity or a width of 0 or less; on calling, for NaN or infinite values, for
            "range" if the stored type has no full scale, and for "window" as `CTWindow` does.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, intensity: Intensity = "auto", window_level: float = 40.0, window_width: float = 400.0) -> None:
        if intensity not in get_args(Intensity):
            raise ValueError(f"intensity must be one of {', '.join(get_args(Intensity))}; got {intensity!r}")
        self.intensity, self.window = intensity, CTWindow(window_level, window_width)

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image = finite_image(img)
        intensity = self._chosen(image)
        if intensity == "window":
            return self.window(image)
        return to_unit(image, *(_full_scale(image) if intensity == "range" else _percentiles(image)))

    def is_by_voxel(self, image: Tensor) -> bool:
        """Whether each voxel of an image with these meta data is scaled independently of the others."""
        return self._chosen(image) != "percentile"

    def _chosen(self, image: Tensor) -> Intensity:
        """What "auto" means for an image."""
        if self.intensity != "auto":
            return self.intensity
        meta = meta_of(image)
        if meta.get("source_kind") == "dicom" and meta.get("modality") == "CT":
            return "window"
        return "percentile" if stored_max_of(image) is None else "range"


class ToUnitRanged(DictionaryForm):
    """Dictionary form of `ToUnitRange`."""

    transform: ToUnitRange

    def __init__(
        self,
        keys: KeysCollection,
        intensity: Intensity = "auto",
        window_level: float = 40.0,
        window_width: float = 400.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, ToUnitRange(intensity, window_level, window_width), allow_missing_keys)

    def slice_by_slice(self, image: Tensor) -> bool:
        """Whether slices of such an image, known by its meta data, are scaled as the whole is: not by percentiles."""
        return bool(self.transform.is_by_voxel(image))


def _full_scale(image: Tensor) -> tuple[float, float]:
    stored_max = stored_max_of(image)
    if stored_max is None:
        raise ValueError(
            f"intensity 'range' needs a stored type with a full scale, but {source_of(image)} has none; choose "
            f"'percentile' or, for CT, 'window'"
        )
    return 0.0, stored_max


def _percentiles(image: Tensor) -> tuple[float, float]:
    low, high = percentiles(image, PERCENTILES)
    if low == high:  # nearly uniform: the percentiles would lose a small bright target
        low, high = float(image.min()), float(image.max())
    return low, high
