"""Masks and label maps from files, with the geometry that distances need."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import EnsureChannelFirst
from monai.utils import ImageMetaKey
from numpy.typing import NDArray
from torch import Tensor

from srs_monai.data.loading.volumes import Grid
from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.transforms import AsSeend, MaskToLabels

_TOLERANCE = 0.01  # of a voxel


@dataclass(frozen=True)
class LabelMap:
    """A map of label values: (H, W) of a picture, or (rows, columns, slices) of a volume in viewer orientation.

    `spacing` in mm and `grid` are None if the file has no geometry.
    """

    path: Path
    values: NDArray[Any]
    spacing: list[float] | None
    grid: Grid | None


def read_label_map(path: str | Path, num_classes: int = 2) -> LabelMap:
    """Read a mask (2 classes: 0 and 1, or black and white) or a map of the label values 0 to num_classes - 1.

    Raises:
        ValueError: with the name of the file, if it cannot be read or holds other values.
    """
    reader = MedicalImageReader()  # not LoadImage, which also builds all readers of MONAI
    array, meta = reader.get_data(reader.read(path))
    meta[ImageMetaKey.FILENAME_OR_OBJ] = str(path)
    image = EnsureChannelFirst()(MetaTensor.ensure_torch_and_prune_meta(array, meta))
    image = MaskToLabels(num_classes)(image)
    image = AsSeend("label")({"label": image})["label"]  # independent of the stored order of axes
    spacing = spacing_mm(image)
    grid = None if spacing is None else Grid(tuple(image.shape[1:]), np.asarray(image.affine, dtype=np.float64))
    return LabelMap(Path(path), image[0].numpy(), spacing, grid)


def check_same_grid(prediction: LabelMap, reference: LabelMap) -> None:
    """Reject two maps whose voxels are at different positions."""
    files = f"{prediction.path} and {reference.path}"
    way_out = "resample the prediction to the grid of the reference"
    if (prediction.grid is None) != (reference.grid is None):
        raise ValueError(f"both files must have a geometry, or neither, but of {files} only one has one; {way_out}")
    shapes = prediction.values.shape, reference.values.shape
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"a prediction must have the shape of its reference, but {files} have {shapes[0]} and {shapes[1]}; "
            f"{way_out}"
        )
    if prediction.grid is None or reference.grid is None:
        return
    apart = prediction.grid.distance(reference.grid)
    if not apart <= _TOLERANCE * min(reference.spacing or [1.0]):
        raise ValueError(
            f"a prediction must be at the position of its reference, but {files} are up to {apart:.3g} mm apart; "
            f"{way_out}"
        )


def spacing_mm(image: Tensor) -> list[float] | None:
    """Distance between neighbouring pixels along each spatial axis of (C, ...), in mm; None if it is not known."""
    if not isinstance(image, MetaTensor) or image.meta.get("spacing_unit") != "mm":
        return None
    return [float(step) for step in image.pixdim[: image.ndim - 1]]
