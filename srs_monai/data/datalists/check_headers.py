"""Checks of images and their labels by their headers, before any work starts."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from monai.utils import ensure_tuple

from srs_monai.data.loading.dicom_images import dicom_layout, is_dicom_source
from srs_monai.data.loading.volumes import is_volume, stored_grid, volume_grid
from srs_monai.data.readers.array_file import is_array
from srs_monai.data.readers.arrays import array_size
from srs_monai.data.readers.dicom_label import DicomLabel, dicom_label
from srs_monai.data.readers.nifti import is_nifti
from srs_monai.data.readers.picture import picture_size
from srs_monai.progress import in_threads
from srs_monai.text import by, few

_MANY = 500  # images; progress is shown from this number, and for every DICOM series


def check_headers(items: Iterable[Mapping[str, Any]]) -> None:
    """Open the header of every image and label once.

    Raises:
        ValueError: with the first few faults and their number, for files that cannot be read and for labels that
            differ from their image in size or, as volumes, in position.
    """
    listed = list(items)
    long = len(listed) >= _MANY or any(Path(item["image"]).is_dir() for item in listed)
    found = in_threads(_fault, listed, "reading headers", progress=long)
    unreadable = [fault for fault, readable in found if not readable]
    unlike = [fault for fault, readable in found if readable and fault]
    if unreadable:
        raise ValueError(unreadable[0] if len(unreadable) == 1 else f"files cannot be used: {few(unreadable, 3)}")
    if unlike:
        raise ValueError(
            f"an image and its label must share one grid, but {few(unlike, 3)}; correct or remove these pairs"
        )


def _fault(item: Mapping[str, Any]) -> tuple[str, bool]:
    """The fault of an item, or "", and whether its files can be read."""
    try:
        return _difference(item), True
    except ValueError as error:
        return str(error), False


def _difference(item: Mapping[str, Any]) -> str:
    """How the label of an item, or one of its masks, differs from its image; "" if it fits."""
    image, size = item["image"], _size(item["image"])
    labels = ensure_tuple(item["label"]) if item.get("label") is not None else ()
    for label in labels:
        regions = dicom_label(label)
        if regions is not None:
            regions.numbers(item.get("region_numbers"))  # rejects names that the file lacks
        if difference := _unlike(image, size, label) if regions is None else _elsewhere(image, regions):
            return difference
    return ""


def _elsewhere(image: str, regions: DicomLabel) -> str:
    """Why the regions of a DICOM object cannot lie on an image; "" if they can."""
    if not is_volume(image):
        return f"{image} is a picture, and the regions of {regions.path} need slices with positions in the patient"
    frame = dicom_layout(image).frame_of_reference if is_dicom_source(image) else ""
    if frame and regions.frames_of_reference and frame not in regions.frames_of_reference:
        return f"{image} and {regions.path} have different frames of reference"
    return ""


def _unlike(image: str, size: tuple[int, ...], label: str) -> str:
    label_size = _size(label)
    if is_dicom_source(image) and len(size) == 3 and len(label_size) == 2:
        columns, rows, slices = stored_grid(image)[0]
        size = (rows, columns) if slices == 1 else size  # the mask of one slice
    if size != label_size:
        return f"{image} has {by(size)} pixels and {label} {by(label_size)}"
    if _has_position(image) and _has_position(label):
        grid = volume_grid(image)
        apart = grid.distance(volume_grid(label))
        voxel = float((grid.affine[:3, :3] ** 2).sum(axis=0).min()) ** 0.5
        if apart > voxel:
            return f"{label} lies up to {apart:.1f} mm away from {image}"
    return ""


def _has_position(path: str) -> bool:
    """Whether the voxels of a volume have positions in the patient, in mm."""
    return is_nifti(path) or (is_dicom_source(path) and is_volume(path))


def _size(path: str) -> tuple[int, ...]:
    """Rows, columns and slices."""
    if is_volume(path):
        return volume_grid(path).shape
    if is_dicom_source(path):
        return dicom_layout(path).shape
    return array_size(path) if is_array(path) else picture_size(path)
