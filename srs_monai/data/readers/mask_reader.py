"""The masks of an image, read as one mask."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from monai.config import PathLike
from monai.data import MetaTensor
from monai.utils import ImageMetaKey, ensure_tuple
from numpy.typing import NDArray

from srs_monai.data.readers.deferred import DeferredReader
from srs_monai.data.readers.medical import MedicalImageReader
from srs_monai.data.transforms.mask_to_labels import MaskToLabels
from srs_monai.text import by


class MaskReader(DeferredReader):
    """Read a mask, or several masks of one image as their union.

    One file is read by `MedicalImageReader`. Several files must be binary pictures of one size: 0 and 1, or black and
    white in any colour mode. Their union holds 0 and 1 and has the meta data of the first.

    Raises:
        ValueError: from get_data, for files that cannot be read, and for several masks that break these rules.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reader = MedicalImageReader()

    def get_data(self, img: Sequence[PathLike] | PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Read the mask and its meta data."""
        paths = ensure_tuple(img)
        if len(paths) == 1:
            return self.reader.get_data(paths)
        union, meta = self._binary(paths[0])
        for path in paths[1:]:
            other, _ = self._binary(path)
            if other.shape != union.shape:
                raise ValueError(
                    f"masks of one image must have the same size, but {paths[0]} has {by(union.shape[1:])} pixels and "
                    f"{path} {by(other.shape[1:])}; correct the masks or remove the image"
                )
            union = np.maximum(union, other)
        return union, meta

    def _binary(self, path: PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """A picture as 0 and 1, (1, H, W), and its meta data."""
        array, meta = self.reader.get_data((path,))
        if meta.get("source_kind") != "picture":
            raise ValueError(
                f"several masks of one image must be pictures, but {path} is not; combine them into one mask"
            )
        mask = MaskToLabels()(MetaTensor(array, meta={**meta, ImageMetaKey.FILENAME_OR_OBJ: str(path)}))
        return mask.numpy(), {**meta, "stored_max": 1.0}
