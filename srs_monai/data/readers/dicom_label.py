"""DICOM segmentations and RT structure sets as label maps on the grid of their image."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pydicom
from monai.config import PathLike
from numpy.typing import NDArray
from pydicom import uid

from srs_monai.data.readers.array_file import is_array
from srs_monai.data.readers.nifti import NIFTI_SUFFIXES
from srs_monai.data.readers.picture import PICTURE_SUFFIXES
from srs_monai.dicom.header import DicomError
from srs_monai.dicom.header_cache import is_dicom
from srs_monai.dicom.library_warnings import library_warnings
from srs_monai.dicom.segmentations.seg_frames import segment_voxels
from srs_monai.dicom.segmentations.structure_set import region_masks
from srs_monai.dicom.source import SourceGrid
from srs_monai.errors import one_line
from srs_monai.files import file_stamp
from srs_monai.text import few

logger = logging.getLogger(__name__)

_KEPT = 4096  # remembered files
_SEGMENTATIONS = (uid.SegmentationStorage, "1.2.840.10008.5.1.4.1.1.66.7")  # the latter: label maps
_TAGS = [
    "SOPClassUID", "FrameOfReferenceUID", "SegmentationType", "SegmentSequence", "StructureSetROISequence",
    "ReferencedFrameOfReferenceSequence",
]  # fmt: skip


@dataclass(frozen=True)
class DicomLabel:
    """The header of a segmentation or an RT structure set.

    Args:
        path: path of the file.
        contours: whether it is a structure set.
        regions: names of its segments or structures by number; a name may occur more than once.
        frames_of_reference: its frames of reference; empty if it states none.
    """

    path: Path
    contours: bool
    regions: dict[int, str]
    frames_of_reference: frozenset[str]

    def numbers(self, wanted: Mapping[str, int] | None) -> dict[int, int]:
        """The class numbers of regions, by the regions' own numbers.

        Args:
            wanted: class numbers by names, written exactly as in the file. None uses the numbers of a segmentation as
                class numbers, and class 1 for the only structure of a structure set.

        Raises:
            DicomError: when the file lacks one of the names, or holds several structures and `wanted` is None.
        """
        known = few(dict.fromkeys(self.regions.values()), 20) or "none"
        if wanted is not None:
            missing = [name for name in wanted if name not in self.regions.values()]
            if missing:
                raise DicomError(
                    f"regions are found by their names, but {self.path} has no {few(map(repr, missing))}, only "
                    f"{known}; correct the names in the data list's 'labels', or give the entry its own 'labels'"
                )
            return {number: wanted[name] for number, name in self.regions.items() if name in wanted}
        if not self.contours:
            return {number: number for number in self.regions}
        if len(self.regions) != 1:
            raise DicomError(
                f"each structure needs a class, but {self.path} has {len(self.regions)} structures ({known}); name the "
                f"wanted ones in a data list, as its 'labels': {{\"1\": NAME}}"
            )
        return dict.fromkeys(self.regions, 1)


def dicom_label(name: PathLike) -> DicomLabel | None:
    """The regions of a label file, or of the only file of a folder; None for any other file.

    The header is read again only when the file has changed.

    Raises:
        DicomError: when its header cannot be read, or its regions are not masks.
    """
    path = Path(name)
    if path.is_dir():
        visible = [found for found in path.iterdir() if not found.name.startswith(".")]
        path = visible[0] if len(visible) == 1 else path
    named_otherwise = str(path).lower().endswith((*NIFTI_SUFFIXES, *PICTURE_SUFFIXES)) or is_array(path)
    return None if named_otherwise or not path.is_file() else _read(path, file_stamp(path.stat()))


@lru_cache(_KEPT)
def _read(path: Path, stamp: tuple[int, ...]) -> DicomLabel | None:
    """The regions of a file with this stamp."""
    if not is_dicom(path):
        return None
    try:
        with library_warnings(path):
            dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
            sop_class = dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID", "")
            if sop_class == uid.RTStructureSetStorage:
                rois = dataset.get("StructureSetROISequence") or ()
                regions = {int(roi.ROINumber): str(roi.get("ROIName") or "").strip() for roi in rois}
                referred = (*rois, *(dataset.get("ReferencedFrameOfReferenceSequence") or ()))
                frames = {
                    str(item.get("ReferencedFrameOfReferenceUID") or item.get("FrameOfReferenceUID") or "")
                    for item in referred
                }
                return DicomLabel(path, True, regions, frozenset(frames - {""}))
            if sop_class not in _SEGMENTATIONS:
                return None
            if (kind := str(dataset.get("SegmentationType") or "")) == "FRACTIONAL":
                raise DicomError(
                    f"segments must be binary, but {path} holds fractions; save it as a BINARY segmentation"
                )
            segments = {
                int(segment.SegmentNumber): str(segment.get("SegmentLabel") or "").strip()
                for segment in dataset.SegmentSequence
                if kind != "LABELMAP" or int(segment.SegmentNumber)  # 0 is its background
            }
            return DicomLabel(path, False, segments, frozenset({str(dataset.get("FrameOfReferenceUID") or "")} - {""}))
    except DicomError:
        raise
    except Exception as error:  # broken files make pydicom raise nearly anything
        raise DicomError(f"the header of {path} cannot be read: {one_line(error)}; fetch the file again") from error


def label_map(
    label: DicomLabel, shape: Sequence[int], affine: NDArray[np.float64], wanted: Mapping[str, int] | None = None
) -> NDArray[np.float32]:
    """The class numbers of the voxels of an image, 0 outside all regions.

    Where regions of two classes overlap, the higher number is used, and a warning is logged.

    Args:
        label: the regions of the image.
        shape: shape of the image, three axes.
        affine: indices of the image to RAS in mm.
        wanted: class numbers by names, see `DicomLabel.numbers`.

    Raises:
        DicomError: when names are missing, the file cannot be read, or its regions do not lie on the grid of the image.
    """
    numbers = label.numbers(wanted)
    classes = np.zeros(tuple(shape), dtype=np.float32)
    overlaps: Counter[tuple[int, int]] = Counter()

    def paint(where: tuple[NDArray[np.int64], ...], number: int) -> None:
        before = classes[where]
        for other in np.unique(before[(before > 0) & (before != number)]).astype(int).tolist():
            overlaps[min(other, number), max(other, number)] += int((before == other).sum())
        classes[where] = np.maximum(before, number)

    if label.contours:
        grid = _grid_of(shape, affine, label.path)
        for region, mask in region_masks(label.path, grid, numbers):
            paint(np.nonzero(mask), numbers[region])
    else:
        for segment, where in segment_voxels(label.path, shape, affine, numbers):
            paint(where, numbers[segment])
    if overlaps:
        counted = few(f"{low} and {high} in {count} voxels" for (low, high), count in overlaps.items())
        logger.warning("%s: labels overlap, and the higher number is used: %s", label.path, counted)
    return classes


def _grid_of(shape: Sequence[int], affine: NDArray[np.float64], path: Path) -> SourceGrid:
    """The slices of an image, along its last axis, as the grid of contours."""
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    normal *= np.sign(normal @ affine[:3, 2]) / np.linalg.norm(normal)
    slices = []
    for number in range(shape[2]):
        place = affine.copy()
        place[:3, 3] += number * affine[:3, 2]
        place[:3, 2] = normal
        slices.append(place)
    return SourceGrid((path,) * shape[2], (1,) * shape[2], tuple(slices), shape[0], shape[1])
