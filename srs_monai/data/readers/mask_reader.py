"""The masks of an image, read as one."""

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

    One file is read as `MedicalImageReader` reads it. Several have to be pictures of one size, each of them binary: 0
    and 1, or black and white in whatever colour mode. The result is 0 and 1; its meta data are those of the first.

    Raises:
        ValueError: from get_data, for files that cannot be read, and for several masks that are not as above.
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
                    f"masks of one image have one size, but {paths[0]} has {by(union.shape[1:])} pixels and {path} "
                    f"{by(other.shape[1:])}; correct or leave out the image"
                )
            union = np.maximum(union, other)
        return union, meta

    def _binary(self, path: PathLike) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """A picture as 0 and 1, (1, H, W), and its meta data."""
        array, meta = self.reader.get_data((path,))
        if meta.get("source_kind") != "picture":
            raise ValueError(f"several masks of one image are pictures, but {path} is none; make one mask of them")
        mask = MaskToLabels()(MetaTensor(array, meta={**meta, ImageMetaKey.FILENAME_OR_OBJ: str(path)}))
        return mask.numpy(), {**meta, "stored_max": 1.0}
