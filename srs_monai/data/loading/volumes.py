"""The grids of volumes (NIfTI, array files, DICOM), read from their headers, and their slices as items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform
from numpy.typing import NDArray

from srs_monai.data.loading.dicom_images import dicom_layout, is_dicom_source
from srs_monai.data.readers.array_file import array_values, is_array
from srs_monai.data.readers.arrays import array_size, stored_affine
from srs_monai.data.readers.dicom_label import dicom_label, label_map
from srs_monai.data.readers.medical import MedicalImageReader
from srs_monai.data.readers.nifti import is_nifti, open_nifti, unreadable

SEEN = ("P", "L", "S")  # viewer orientation: rows to posterior, columns to left, slices upward


@dataclass(frozen=True)
class Grid:
    """The grid of a volume in viewer orientation.

    Args:
        shape: rows, columns and slices.
        affine: voxel indices to world position in mm, or in voxels for array files, (4, 4).
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    @property
    def slices(self) -> int:
        """Number of slices; a volume of a single slice in any plane has one, as `AsSeend` shows it."""
        return 1 if self.shape.count(1) == 1 else self.shape[2]

    def distance(self, other: "Grid") -> float:
        """The largest distance in mm between the same corners of two grids of one shape."""
        ends = np.array([(*corner, 1) for corner in product(*((0, n - 1) for n in self.shape))])
        return float(np.linalg.norm(ends @ (self.affine - other.affine).T, axis=1).max())


def is_volume(path: str | Path) -> bool:
    """Whether a name stands for a volume: NIfTI, an array (slices, H, W), or DICOM slices.

    Raises:
        ValueError: for an array file or DICOM file that cannot be read.
    """
    if is_array(path):
        return len(array_size(path)) == 3
    return is_nifti(path) or (is_dicom_source(path) and dicom_layout(path).affine is not None)


def volume_grid(path: str | Path) -> Grid:
    """The grid of a volume, from its header alone; a 2-D NIfTI image is a volume of one slice.

    Raises:
        ValueError: when the header cannot be read, does not describe a volume, or has an invalid affine.
    """
    shape, affine = stored_grid(path)
    to_seen = to_seen_axes(affine, path)
    rows, columns, slices = (shape[axis] for axis in np.argsort(to_seen[:, 0]))
    return Grid((rows, columns, slices), affine @ inv_ornt_aff(to_seen, shape))


def stored_grid(path: str | Path) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """The shape of a volume as its reader gives it, and the affine from its indices to RAS in mm (array files: voxels).

    Raises:
        ValueError: as `volume_grid` does.
    """
    if is_array(path):
        return array_size(path), stored_affine()
    if is_nifti(path):
        image = open_nifti(path)
        return (*image.shape, 1, 1)[:3], image.affine
    layout = dicom_layout(path)
    if layout.affine is None:
        raise ValueError(f"a volume needs slices with positions in the patient, but {path} is a picture; name a series")
    return layout.shape, layout.affine


def slices_with_foreground(
    path: str | Path,
    background: Sequence[int] = (),
    *,
    image: str | Path | None = None,
    names: Mapping[str, int] | None = None,
) -> list[int]:
    """Numbers of the slices, in viewer orientation, that hold a label above 0; a single slice always counts.

    Args:
        path: path of the label volume, or of DICOM regions on the volume `image`.
        background: further values that are background.
        image: image of the labels; None if they have their own grid.
        names: class numbers of DICOM regions by name, see `DicomLabel.numbers`.
    """
    if volume_grid(path if image is None else image).slices == 1:
        return [0]
    if image is not None and (found := dicom_label(path)) is not None:
        shape, affine = stored_grid(image)
        return _seen_slices(label_map(found, shape, affine, names), affine, path, background)
    if is_array(path):
        return np.flatnonzero(_foreground(array_values(path), background).any(axis=(1, 2))).tolist()
    if is_dicom_source(path):
        array, meta = MedicalImageReader().get_data(path)
        return _seen_slices(array, meta["affine"], path, background)
    stored = open_nifti(path)
    try:
        labels = np.asarray(stored.as_reoriented(to_seen_axes(stored.affine, path)).dataobj)
    except Exception as error:  # broken files make decompressors raise nearly anything
        raise unreadable(path, error) from error
    return np.flatnonzero(_foreground(labels, background).any(axis=(0, 1))).tolist()


def slice_items(item: dict[str, Any], *, skip_empty: bool = False) -> list[dict[str, Any]]:
    """One item for each slice of the item's volume; "slice" is its number, upward from the feet.

    Args:
        item: an item of `load_datalist` with a volume under "image".
        skip_empty: skip slices that show no class.
    """
    if skip_empty:
        values = item.get("label_values")
        background: Sequence[int] = values[0] if isinstance(values, list) else ()
        numbers: Sequence[int] = slices_with_foreground(
            item["label"], background, image=item["image"], names=item.get("region_numbers")
        )
    else:
        numbers = range(volume_grid(item["image"]).slices)
    return [item | {"slice": number} for number in numbers]


def _seen_slices(
    labels: NDArray[Any], affine: NDArray[np.float64], path: str | Path, background: Sequence[int]
) -> list[int]:
    """Numbers of the slices, in viewer orientation, of stored labels that hold a label."""
    seen = apply_orientation(_foreground(labels, background), to_seen_axes(affine, path))
    return np.flatnonzero(seen.any(axis=(0, 1))).tolist()


def _foreground(labels: NDArray[Any], background: Sequence[int]) -> NDArray[np.bool_]:
    return (labels > 0) & ~np.isin(labels, list(background))


def to_seen_axes(affine: NDArray[np.float64], path: str | Path) -> NDArray[np.float64]:
    """How the stored axes are swapped and flipped to viewer orientation, as nibabel's orientations.

    Raises:
        ValueError: when the affine of the volume at `path` is invalid.
    """
    orientation = io_orientation(affine) if np.isfinite(affine).all() else np.full((3, 2), np.nan)
    if np.isnan(orientation).any():
        raise ValueError(
            f"an affine must be finite and invertible, but that of {path} is {affine.tolist()}; correct the header"
        )
    to_seen: NDArray[np.float64] = ornt_transform(orientation, axcodes2ornt(SEEN))
    return to_seen
