"""A mask as it is written: label values on the grid of its image, and what is known of both."""

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

EMPTY = "nothing was found, the mask is empty"


@dataclass(frozen=True)
class Mask:
    """A mask on its image's own grid.

    Args:
        values: numbers of labels, 0 is background: of a volume (X, Y, Z), of a picture (H, W), of a sequence of
            pictures (H, W, F); of volumes also packed.
        affine: indices of a volume to RAS in mm, (4, 4).
        meta: what the reader knew of the image.
        labels: what the numbers 1, 2, ... mean; numbers beyond them have no name.
    """

    values: Labels
    affine: NDArray[np.float64]
    meta: dict[str, Any]
    labels: Sequence[Label]

    @classmethod
    def from_tensor(cls, tensor: Tensor, labels: Sequence[Label] = ()) -> "Mask":
        """The mask that postprocessing gives, (1, H, W) or (1, X, Y, Z).

        Raises:
            ValueError: for a volume that is no MetaTensor.
        """
        values = plain_array(tensor)[0].astype(np.uint8)
        if not isinstance(tensor, MetaTensor):
            if values.ndim == 3:
                raise ValueError("a volume's place follows from its affine; give the postprocessing MetaTensors")
            return cls(values, np.eye(4), {"spacing_unit": "pixels"}, labels)
        return cls(values, np.asarray(tensor.affine, dtype=np.float64), dict(tensor.meta), labels)

    @property
    def is_volume(self) -> bool:
        """Whether the mask has a place in space, though perhaps in voxels, rather than pixels alone."""
        sequence = self.meta.get("spacing_unit") == "pixels" and self.meta.get("source_kind") != "array"
        return self.values.ndim == 3 and not sequence

    @property
    def is_dicom(self) -> bool:
        """Whether the image was DICOM."""
        return self.meta.get("source_kind") == "dicom"

    @property
    def source(self) -> str:
        """What the reader was given; "" where it is not known."""
        return str(self.meta.get(ImageMetaKey.FILENAME_OR_OBJ, ""))

    @property
    def runtime(self) -> dict[str, str] | None:
        """Name and precision of what ran the network; None where it is not known."""
        if RUNTIME not in self.meta:
            return None
        return {"name": str(self.meta[RUNTIME]), "precision": str(self.meta.get(RUNTIME_PRECISION))}

    def measures(self) -> list[dict[str, Any]]:
        """The size of each label, named ones first and also when they are empty.

        Of volumes {"number", "name", "voxels"} and "volume_mm3", or "volume_voxels" of array files; of pictures
        {"number", "name", "pixels"} and "area_mm2" where the spacing is known in mm, else "area_px". The "code" and the
        "colour" follow where the label has them.
        """
        if isinstance(self.values, PackedLabels):
            counts = self.values.counts
        else:
            counts = np.zeros(256, dtype=np.int64)
            for plane in np.moveaxis(self.values, -1, 0):  # bincount wants eight bytes a voxel
                counts += np.bincount(plane.ravel(), minlength=256)
        counted, size, unit = self._size_of_one()
        return [
            {"number": number, **self._said_of(number, {counted: count, size: round(count * unit, 6)})}
            for number, count in enumerate(counts.tolist())
            if number and (number <= len(self.labels) or count)
        ]

    def _said_of(self, number: int, sizes: Mapping[str, float]) -> dict[str, Any]:
        """What a label is and how large."""
        if number > len(self.labels):
            return {"name": numbered_name(number), **sizes}
        label = self.labels[number - 1]
        code = {} if label.code == TISSUE else {"code": plain_code(label.code)}
        colour = {} if label.colour is None else {"colour": list(label.colour)}
        return {"name": label.name, **sizes, **code, **colour}

    def warnings(self) -> list[str]:
        """What the reader noted, and whether nothing was found."""
        said = [str(self.meta.get(key, "")) for key in ("notes", "left_out")]
        said[1] = said[1] and f"beside what was read: {said[1]}"
        return [*filter(None, said), *([] if self.values.any() else [EMPTY])]

    def _size_of_one(self) -> tuple[str, str, float]:
        """What a voxel or pixel is called, what its size is, and how large one is."""
        if self.is_volume and self.meta.get("source_kind") == "array":
            return "voxels", "volume_voxels", 1.0
        if self.is_volume:
            return "voxels", "volume_mm3", float(abs(np.linalg.det(self.affine[:3, :3])))
        if self.meta.get("spacing_unit") == "mm":
            return "pixels", "area_mm2", float(np.prod(np.linalg.norm(self.affine[:3, :2], axis=0)))
        return "pixels", "area_px", 1.0


def plain_array(tensor: Any) -> NDArray[Any]:
    """A tensor without its meta data, as NumPy has it."""
    plain = tensor.as_tensor() if isinstance(tensor, MetaTensor) else tensor
    array: NDArray[Any] = plain.detach().cpu().numpy()
    return array
