"""Volumes in the orientation in which a viewer shows their slices."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import InvertibleTransform, MapTransform
from monai.transforms.spatial.functional import orientation
from monai.utils import TraceKeys
from nibabel import io_orientation
from nibabel.orientations import axcodes2ornt, ornt_transform
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

# directions of rows, columns and slices, by the world axis (of R, A, S) that runs through the slices
_AXES = {2: "PLS", 1: "ILP", 0: "IPL"}
_AXIAL = 2


class AsSeend(MapTransform, InvertibleTransform):
    """Orient volumes (C, X, Y, Z) to (C, rows, columns, slices), with axial slices as a radiologist sees them.

    Rows run to posterior, columns to the patient's left and slices to superior: "P", "L", "S". A volume of a single
    sagittal or coronal slice keeps its plane: rows run to inferior, columns to posterior or left. Axes are only swapped
    and flipped, and an oblique volume goes to the nearest axes, so the inverse restores masks exactly. Pictures
    (C, H, W) and sequences (C, H, W, F), which have "frames" in their meta data, stay unchanged both ways.

    Args:
        keys: keys of the images and masks, MetaTensors with an affine.
        allow_missing_keys: skip keys that an item lacks.

    Raises:
        ValueError: on calling, for a volume without an affine.
    """

    slice_by_slice = True

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        item = dict(data)
        for key in self.key_iterator(item):
            image = item[key]
            if _is_picture(image):
                continue
            if not isinstance(image, MetaTensor):
                raise ValueError(
                    f"a volume needs an affine to be oriented, but {key!r} is a plain {type(image).__name__}; read it "
                    f"with LoadImaged, which gives MetaTensors"
                )
            came, seen = _orientations(image.shape[1:], image.affine)
            item[key] = self._turned(image, ornt_transform(came, seen))
        return item

    def inverse(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Restore the original axes of volumes."""
        item = dict(data)
        for key in self.key_iterator(item):
            image = item[key]
            if _is_picture(image):
                continue
            done = self.pop_transform(image)
            came, seen = _orientations(done[TraceKeys.ORIG_SIZE], done[TraceKeys.EXTRA_INFO]["original_affine"])
            with self.trace_transform(False):
                item[key] = self._turned(image, ornt_transform(seen, came))
        return item

    def _turned(self, image: MetaTensor, axes: NDArray[np.float64]) -> Tensor:
        info = self.get_transform_info()
        turned: Tensor = orientation(image, image.affine.numpy(), axes, lazy=False, transform_info=info)
        return turned


def _is_picture(image: Tensor) -> bool:
    """Whether an image is a picture or a sequence of frames, without a position in the patient."""
    return image.ndim == 3 or (isinstance(image, MetaTensor) and "frames" in image.meta)


def _orientations(shape: Sequence[int], affine: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The present and the wanted orientation of a volume's axes."""
    came = io_orientation(np.asarray(affine))
    single = [axis for axis, length in enumerate(shape) if length == 1]
    through = int(came[single[0], 0]) if len(single) == 1 else _AXIAL
    return came, axcodes2ornt(_AXES[through])
