"""Intensities as read, scaled once to [0, 1]."""

from collections.abc import Hashable, Mapping
from typing import Any, Literal, get_args

import numpy as np
import torch
from monai.config import KeysCollection, NdarrayOrTensor
from monai.data import get_track_meta
from monai.transforms import MapTransform, Transform
from monai.utils import TransformBackends, convert_to_tensor
from torch import Tensor

from srs_monai.data.transforms.provenance import meta_of, source_of, stored_max_of, without_stored_max

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
            "range" where the stored type has no full scale.
    """

    backend = [TransformBackends.TORCH]  # noqa: RUF012 - MONAI's form

    def __init__(self, intensity: Intensity = "auto", window_level: float = 40.0, window_width: float = 400.0) -> None:
        if intensity not in get_args(Intensity):
            raise ValueError(f"intensity is one of {', '.join(get_args(Intensity))}; got {intensity!r}")
        if window_width <= 0:
            raise ValueError(f"window width must be above 0 HU; got {window_width}")
        self.intensity, self.low, self.width = intensity, window_level - window_width / 2, window_width

    def __call__(self, img: NdarrayOrTensor) -> Tensor:
        image: Tensor = convert_to_tensor(img, dtype=torch.float32, track_meta=get_track_meta())
        not_finite = int((~torch.isfinite(image)).sum())
        if not_finite:
            raise ValueError(
                f"values must be finite, but {not_finite} of {image.numel()} in {source_of(image)} are NaN or "
                f"infinite; repair the file or leave it out"
            )
        low, high = self._limits(image)
        scaled = (image - low) / (high - low) if high > low else torch.zeros_like(image)
        return without_stored_max(scaled.clamp(0.0, 1.0))

    def _limits(self, image: Tensor) -> tuple[float, float]:
        """The values that become 0 and 1."""
        meta, stored_max = meta_of(image), stored_max_of(image)
        intensity = self.intensity
        if intensity == "auto":
            is_ct = meta.get("source_kind") == "dicom" and meta.get("modality") == "CT"
            intensity = "window" if is_ct else "percentile" if stored_max is None else "range"
        if intensity == "window":
            return self.low, self.low + self.width
        if intensity == "range":
            if stored_max is None:
                raise ValueError(
                    f"intensity 'range' divides by the full scale of the stored type, but {source_of(image)} has none; "
                    f"choose 'percentile' or, for CT, 'window'"
                )
            return 0.0, stored_max
        values = image.cpu().numpy()
        low, high = np.percentile(values, PERCENTILES)
        if low == high:  # nearly all of one value: the percentiles would lose a small bright target
            low, high = values.min(), values.max()
        return float(low), float(high)


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
