"""NIfTI files on the grid of the segmented image."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.openers import ImageOpener
from numpy.typing import NDArray

from srs_monai.files import replacing
from srs_monai.inference.results.packed_labels import PackedLabels, planes_of

_SCANNER = 1  # NIfTI's code for scanner coordinates
_GEOMETRY = ["pixdim", "xyzt_units", "qform_code", "sform_code", "srow_x", "srow_y", "srow_z"]
_GEOMETRY += ["quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"]


def write_nifti(
    path: str | Path,
    values: NDArray[Any] | PackedLabels,
    affine: NDArray[np.float64],
    source: str | Path | None = None,
    unit: str = "mm",
) -> None:
    """Write a volume, (X, Y, Z) or with channels (X, Y, Z, C), with the affine of its image.

    Args:
        path: path with the ending .nii or .nii.gz.
        values: integers or float32; packed labels are written slice by slice.
        affine: voxel indices to RAS in mm.
        source: the segmented NIfTI file. Its shape (a picture stays a picture) and both of its coordinate systems are
            kept, so that every viewer shows the result on the image.
        unit: unit of lengths if there is no source: "mm", or "unknown" for voxels.
    """
    packed = values if isinstance(values, PackedLabels) else None
    # a broadcast zero has the shape of packed labels and takes no memory
    array: NDArray[Any] = values if not isinstance(values, PackedLabels) else np.broadcast_to(np.uint8(0), values.shape)
    if source is None:
        image = _image(array, affine, unit)
    else:
        like = nib.load(source)
        channels = array.shape[3:]
        # classes are the fourth axis, also for a picture of one slice: readers take the third axis for slices
        spatial = array.shape[:3] if channels else like.shape
        header = nib.Nifti1Header()
        header.set_data_dtype(array.dtype)
        for field in _GEOMETRY:
            header[field] = like.header[field]
        header.set_data_shape((*spatial, *channels))
        image = nib.Nifti1Image(array.reshape(*spatial, *channels), None, header)
    with replacing(path) as temporary:
        if packed is None:
            nib.save(image, temporary)
        else:
            _save_slices(image, packed, temporary)


def write_picture_nifti(path: str | Path, values: NDArray[Any]) -> None:
    """Write pictures, (H, W, frames) or with channels (H, W, frames, C), on a grid of pixels.

    Axes are columns, rows and frames, in units of one pixel. Columns run to the left and rows to posterior, as in ITK,
    so that viewers show the picture upright.
    """
    with replacing(path) as temporary:
        nib.save(_image(np.swapaxes(values, 0, 1), np.diag([-1.0, -1.0, 1.0, 1.0]), "unknown"), temporary)


def _image(values: NDArray[Any], affine: NDArray[np.float64], unit: str) -> nib.Nifti1Image:
    image = nib.Nifti1Image(values, affine)
    image.set_sform(affine, _SCANNER)
    image.set_qform(affine, _SCANNER)
    image.header.set_xyzt_units(unit)
    return image


def _save_slices(image: nib.Nifti1Image, labels: PackedLabels, path: Path) -> None:
    """Write the header of an image and its labels, with at most one slice in memory."""
    header = image.header
    header.set_slope_inter(1.0, 0.0)
    with ImageOpener(path, "wb") as file:
        header.write_to(file)
        file.write(b"\0" * (header.get_data_offset() - file.tell()))
        for plane in planes_of(labels):
            file.write(plane.tobytes(order="F"))
