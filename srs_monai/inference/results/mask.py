"""A mask before it is written: label values on the grid of the image, with the image's meta data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.utils import ImageMetaKey
from numpy.typing import NDArray
from torch import Tensor

from srs_monai.inference.inferers.runtime_inferer import RUNTIME, RUNTIME_PRECISION
from srs_monai.inference.results.packed_labels import Labels, PackedLabels
from srs_monai.labels import TISSUE, Label, numbered_name, plain_code

EMPTY = "nothing was found; the mask is empty"


@dataclass(frozen=True)
class Mask:
    """A mask on its image's own grid.

    Args:
        values: numbers of labels, 0 is background; (X, Y, Z) for a volume, which may be packed, (H, W) for a picture,
            (H, W, F) for a sequence of pictures.
        affine: indices of a volume to RAS in mm, (4, 4).
        meta: the reader's meta data of the image.
        labels: meaning of the numbers 1, 2, ...; higher numbers have no name.
    """

    values: Labels
    affine: NDArray[np.float64]
    meta: dict[str, Any]
    labels: Sequence[Label]

    @classmethod
    def from_tensor(cls, tensor: Tensor, labels: Sequence[Label] = ()) -> "Mask":
        """The mask from the result of the postprocessing, (1, H, W) or (1, X, Y, Z).

        Raises:
            ValueError: for a volume that is not a MetaTensor.
        """
        values = plain_array(tensor)[0].astype(np.uint8)
        if not isinstance(tensor, MetaTensor):
            if values.ndim == 3:
                raise ValueError(
                    f"a mask of a volume needs an affine, but is a plain {type(tensor).__name__}; give the "
                    "postprocessing MetaTensors"
                )
            return cls(values, np.eye(4), {"spacing_unit": "pixels"}, labels)
        return cls(values, np.asarray(tensor.affine, dtype=np.float64), dict(tensor.meta), labels)

    @property
    def is_volume(self) -> bool:
        """Whether the mask belongs to a volume, in mm or in voxels, and not to one or more pictures."""
        sequence = self.meta.get("spacing_unit") == "pixels" and self.meta.get("source_kind") != "array"
        return self.values.ndim == 3 and not sequence

    @property
    def is_dicom(self) -> bool:
        """Whether the image was DICOM."""
        return self.meta.get("source_kind") == "dicom"

    @property
    def source(self) -> str:
        """The path that the reader was given; "" if it is unknown."""
        return str(self.meta.get(ImageMetaKey.FILENAME_OR_OBJ, ""))

    @property
    def runtime(self) -> dict[str, str] | None:
        """Name and precision of the runtime; None if it is unknown."""
        if RUNTIME not in self.meta:
            return None
        return {"name": str(self.meta[RUNTIME]), "precision": str(self.meta.get(RUNTIME_PRECISION))}

    def measures(self) -> list[dict[str, Any]]:
        """The size of each label. Named labels come first, also when they are empty.

        For a volume {"number", "name", "voxels"} and "volume_mm3", or "volume_voxels" for an array file. For a picture
        {"number", "name", "pixels"} and "area_mm2" if the spacing is known in mm, else "area_px". "code" and "colour"
        follow if the label has them.
        """
        if isinstance(self.values, PackedLabels):
            counts = self.values.counts
        else:
            counts = np.zeros(256, dtype=np.int64)
            for plane in np.moveaxis(self.values, -1, 0):  # slice by slice: bincount needs eight bytes for each voxel
                counts += np.bincount(plane.ravel(), minlength=256)
        counted, size, unit = self._size_of_one()
        return [
            {"number": number, **self._facts_of(number, {counted: count, size: round(count * unit, 6)})}
            for number, count in enumerate(counts.tolist())
            if number and (number <= len(self.labels) or count)
        ]

    def _facts_of(self, number: int, sizes: Mapping[str, float]) -> dict[str, Any]:
        """Name, sizes, code and colour of a label."""
        if number > len(self.labels):
            return {"name": numbered_name(number), **sizes}
        label = self.labels[number - 1]
        code = {} if label.code == TISSUE else {"code": plain_code(label.code)}
        colour = {} if label.colour is None else {"colour": list(label.colour)}
        return {"name": label.name, **sizes, **code, **colour}

    def warnings(self) -> list[str]:
        """The reader's notes, what the reader skipped, and whether the mask is empty."""
        notes, skipped = (str(self.meta.get(key, "")) for key in ("notes", "left_out"))
        found = [notes, skipped and f"skipped: {skipped}", "" if self.values.any() else EMPTY]
        return [warning for warning in found if warning]

    def _size_of_one(self) -> tuple[str, str, float]:
        """The name of the element (voxel or pixel), the name of its measure, and its size."""
        if self.is_volume and self.meta.get("source_kind") == "array":
            return "voxels", "volume_voxels", 1.0
        if self.is_volume:
            return "voxels", "volume_mm3", float(abs(np.linalg.det(self.affine[:3, :3])))
        if self.meta.get("spacing_unit") == "mm":
            return "pixels", "area_mm2", float(np.prod(np.linalg.norm(self.affine[:3, :2], axis=0)))
        return "pixels", "area_px", 1.0


def plain_array(tensor: Any) -> NDArray[Any]:
    """A tensor as a NumPy array, without its meta data."""
    plain = tensor.as_tensor() if isinstance(tensor, MetaTensor) else tensor
    array: NDArray[Any] = plain.detach().cpu().numpy()
    return array
