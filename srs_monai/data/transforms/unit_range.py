"""Intensities as read, scaled once to [0, 1]."""

from collections.abc import Hashable, Mapping
from typing import Any, Literal, get_args

from monai.config import KeysCollection, NdarrayOrTensor
from monai.transforms import MapTransform, Transform
from monai.utils import TransformBackends
from torch import Tensor

from srs_monai.data.transforms.ct_window import CTWindow
from srs_monai.data.transforms.intensities import finite_image, percentiles, to_unit
from srs_monai.data.transforms.provenance import meta_of, source_of, stored_max_of

Intensity = Literal["auto", "window", "range", "percentile"]
PERCENTILES = (0.5, 99.5)


class ToUnitRange(Transform):
    """Scale an image to [0, 1], float32; what lies outside is cut off.

    Args:
        intensity: "window" shows one window of a CT image; "range" divides by the full scale of the stored type;
            "percentile" stretches the image's own percentiles 0.5 to 99.5 (minimum to maximum where those are equal);
            "auto" takes the window for CT read from DICOM, the range where the stored type has a full scale (pictures),
            else the percentiles.
        window_level: centre of the window, in HU (soft tissue: 40).
        window_width: full width of the window, in HU, above 0 (soft tissue: 400).

    Shapes: any, image (C, H, W) or volume (C, H, W, D); percentiles are those of the whole.

    Raises:
        ValueError: for an unknown intensity or a width of 0 or less; on calling, for NaN or infinite values, and for
            "range" where the stored type has no full scale; the window's refusals are those of `CTWindow`.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, intensity: Intensity = "auto", window_level: float = 40.0, window_width: float = 400.0) -> None:
        if intensity not in get_args(Intensity):
            raise ValueError(f"intensity is one of {', '.join(get_args(Intensity))}; got {intensity!r}")
        self.intensity, self.window = intensity, CTWindow(window_level, window_width)

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image = finite_image(img)
        intensity = self._chosen(image)
        if intensity == "window":
            return self.window(image)
        return to_unit(image, *(_full_scale(image) if intensity == "range" else _percentiles(image)))

    def is_by_voxel(self, image: Tensor) -> bool:
        """Whether each voxel of such an image, known by its meta data, is scaled without a look at the others."""
        return self._chosen(image) != "percentile"

    def _chosen(self, image: Tensor) -> Intensity:
        """What "auto" means for an image."""
        if self.intensity != "auto":
            return self.intensity
        meta = meta_of(image)
        if meta.get("source_kind") == "dicom" and meta.get("modality") == "CT":
            return "window"
        return "percentile" if stored_max_of(image) is None else "range"


class ToUnitRanged(MapTransform):
    """Dictionary form of `ToUnitRange`.

    Args:
        keys: of the images.
        intensity, window_level, window_width: see `ToUnitRange`.
        allow_missing_keys: pass over keys that an item lacks.
    """

    backend = ToUnitRange.backend

    def __init__(
        self,
        keys: KeysCollection,
        intensity: Intensity = "auto",
        window_level: float = 40.0,
        window_width: float = 400.0,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.scale = ToUnitRange(intensity, window_level, window_width)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = self.scale(item[key])
        return item


def _full_scale(image: Tensor) -> tuple[float, float]:
    stored_max = stored_max_of(image)
    if stored_max is None:
        raise ValueError(
            f"intensity 'range' divides by the full scale of the stored type, but {source_of(image)} has none; choose "
            f"'percentile' or, for CT, 'window'"
        )
    return 0.0, stored_max


def _percentiles(image: Tensor) -> tuple[float, float]:
    low, high = percentiles(image, PERCENTILES)
    if low == high:  # nearly all of one value: the percentiles would lose a small bright target
        low, high = float(image.min()), float(image.max())
    return low, high
