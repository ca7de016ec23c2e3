"""Results as the last steps of a postprocessing pipeline."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import MapTransform, SaveImaged
from monai.utils import ImageMetaKey
from numpy.typing import NDArray
from torch import Tensor

from srs_monai.inference.results import MASK, OVERLAY, PICTURE_ENDING, PROBABILITY, VOLUME_ENDING, result_name
from srs_monai.inference.writers.nifti import write_nifti
from srs_monai.inference.writers.overlay import overlay_montage, overlay_picture
from srs_monai.inference.writers.png import write_mask_png, write_png, write_probability_png


class SaveImageOverlayd(SaveImaged):
    """Write NAME_overlay.png: a picture with what was segmented, or a montage of a volume's slices.

    Comes before the inversion of the preprocessing, while slices lie as a viewer shows them. It is a `SaveImaged` by
    name and kind, so that MONAI Label and MONAI Deploy, which write results themselves, leave it out.

    Args:
        keys: of the labels, (1, H, W) or (1, H, W, D).
        image_key: of the image that they belong to.
        output_dir: where results go, below it by their names.
    """

    def __init__(self, keys: Hashable, image_key: Hashable, output_dir: str | Path) -> None:
        MapTransform.__init__(self, keys)
        self.image_key, self.output_dir = image_key, Path(output_dir)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            image, labels = _array(item[self.image_key]), _array(item[key])[0].astype(np.int64)
            shown = overlay_picture(image, labels) if labels.ndim == 2 else overlay_montage(image, labels)
            name = result_name(item, item[self.image_key])
            write_png(self.output_dir / f"{name}{OVERLAY}{PICTURE_ENDING}", shown)
        return item


class SaveImageMaskd(SaveImaged):
    """Write NAME_mask, and NAME_probability where asked: .nii.gz for volumes and NIfTI, .png for pictures.

    Comes after the inversion of the preprocessing: labels and affine are those of the input. The mask is written last,
    so that a case that has one is whole. A `SaveImaged` by name and kind, as `SaveImageOverlayd`.

    Args:
        keys: of the labels, (1, H, W) or (1, X, Y, Z).
        output_dir: where results go, below it by their names.
        binary: whether a picture's mask is 0 and 255 rather than label values.
        probability_key: of the probabilities (classes, ...), or None. Of several classes a volume's stand in a fourth
            axis, a picture's in files NAME_probability_0.png, NAME_probability_1.png ...
    """

    def __init__(
        self, keys: Hashable, output_dir: str | Path, binary: bool = True, probability_key: Hashable | None = None
    ) -> None:
        MapTransform.__init__(self, keys)
        self.output_dir, self.binary, self.probability_key = Path(output_dir), binary, probability_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            labels = item[key]
            stem = self.output_dir / result_name(item, labels)
            if self.probability_key is not None:
                self._write_probability(stem, item[self.probability_key])
            values = _array(labels)[0].astype(np.uint8)
            if values.ndim == 2:
                write_mask_png(f"{stem}{MASK}{PICTURE_ENDING}", values, self.binary)
            else:
                write_nifti(f"{stem}{MASK}{VOLUME_ENDING}", values, *_place(labels))
        return item

    def _write_probability(self, stem: Path, probability: Tensor) -> None:
        values = _array(probability).astype(np.float32)
        if values.ndim == 4:
            spread = values[0] if len(values) == 1 else np.moveaxis(values, 0, -1)
            write_nifti(f"{stem}{PROBABILITY}{VOLUME_ENDING}", spread, *_place(probability))
            return
        for number, channel in enumerate(values):
            suffix = PROBABILITY if len(values) == 1 else f"{PROBABILITY}_{number}"
            write_probability_png(f"{stem}{suffix}{PICTURE_ENDING}", channel)


def _array(tensor: Any) -> NDArray[Any]:
    plain = tensor.as_tensor() if isinstance(tensor, MetaTensor) else tensor
    array: NDArray[Any] = plain.detach().cpu().numpy()
    return array


def _place(volume: Tensor) -> tuple[NDArray[np.float64], str | None]:
    """The affine of a volume, and the NIfTI file that it was made from."""
    if not isinstance(volume, MetaTensor):
        raise ValueError("a volume's place follows from its affine; give the postprocessing MetaTensors")
    source = volume.meta.get(ImageMetaKey.FILENAME_OR_OBJ) if volume.meta.get("source_kind") == "nifti" else None
    return np.asarray(volume.affine, dtype=np.float64), source
