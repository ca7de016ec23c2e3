"""The frames of a DICOM segmentation on the grid of an image, by their positions in the patient."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from highdicom import spatial
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.utils import iter_pixels

from srs_monai.dicom.header import DicomError
from srs_monai.dicom.library_warnings import library_warnings
from srs_monai.errors import one_line

_OFF_GRID = 0.1  # voxels: largest distance of a frame's pixels from the centres of the image's voxels

Voxels = tuple[NDArray[np.int64], ...]  # indices along each of three axes


def segment_voxels(
    path: Path, shape: Sequence[int], affine: NDArray[np.float64], segments: Collection[int]
) -> Iterator[tuple[int, Voxels]]:
    """The voxels of an image that segments cover, frame by frame, as (segment number, indices).

    Args:
        path: path of a BINARY segmentation or a label map.
        shape: shape of the image, three axes.
        affine: indices of the image to RAS in mm.
        segments: numbers of the wanted segments.

    Raises:
        DicomError: when the file cannot be read, when a frame's pixels do not lie on the voxels of the image, and when
            a segment extends beyond the image.
    """
    try:
        with library_warnings(path):
            dataset = pydicom.dcmread(path)
            shared = dataset.SharedFunctionalGroupsSequence[0]
            frames = list(dataset.PerFrameFunctionalGroupsSequence)
            for group, pixels in zip(frames, _frames(dataset), strict=True):
                for segment, mask in _segments(dataset, group, shared, pixels, segments):
                    yield segment, _placed(mask, _frame_affine(group, shared, path), shape, affine, path)
    except DicomError:
        raise
    except Exception as error:  # broken files make pydicom and its decompressors raise nearly anything
        raise DicomError(
            f"the segments of {path} cannot be read: {one_line(error)}; fetch the file again, or save it uncompressed"
        ) from error


def _frames(dataset: Dataset) -> Iterator[NDArray[Any]]:
    """The stored frames (rows, columns), one after the other."""
    if dataset.BitsAllocated != 1 or dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        yield from iter_pixels(dataset)
        return
    # pydicom 3.0 loses frames that do not begin at a byte
    packed = np.frombuffer(dataset.PixelData, dtype=np.uint8)
    size, count = dataset.Rows * dataset.Columns, int(dataset.NumberOfFrames)
    if 8 * len(packed) < size * count:
        raise ValueError(f"{count} frames of {size} pixels have {len(packed)} bytes")
    for start in range(0, size * count, size):
        bits = np.unpackbits(packed[start // 8 : (start + size + 7) // 8], bitorder="little")
        yield bits[start % 8 :][:size].reshape(dataset.Rows, dataset.Columns)


def _segments(
    dataset: Dataset, group: Dataset, shared: Dataset, pixels: NDArray[Any], wanted: Collection[int]
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """The masks in one frame, by segment number; segments without a pixel are skipped."""
    if dataset.get("SegmentationType") == "LABELMAP":
        found = {int(value): pixels == value for value in np.unique(pixels)}
    else:
        number = _of_frame(group, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber
        found = {int(number): pixels > 0} if pixels.any() else {}
    yield from ((number, mask) for number, mask in found.items() if number in wanted)


def _of_frame(group: Dataset, shared: Dataset, sequence: str) -> Dataset:
    """The functional group of one frame, its own or the shared one."""
    for source in (group, shared):
        if source.get(sequence):
            item: Dataset = source[sequence][0]
            return item
    raise ValueError(f"it has no {sequence}")


def _frame_affine(group: Dataset, shared: Dataset, path: Path) -> NDArray[np.float64]:
    """(column, row, 0) of a frame to RAS in mm."""
    try:
        lps = spatial.create_affine_matrix_from_attributes(
            image_position=_of_frame(group, shared, "PlanePositionSequence").ImagePositionPatient,
            image_orientation=_of_frame(group, shared, "PlaneOrientationSequence").ImageOrientationPatient,
            pixel_spacing=_of_frame(group, shared, "PixelMeasuresSequence").PixelSpacing,
            spacing_between_slices=1.0,
            index_convention="RD",
        )
    except Exception as error:
        raise DicomError(
            f"the frames of a segmentation must have positions in the patient, but those of {path} do not: "
            f"{one_line(error)}; save it with the image that it belongs to"
        ) from error
    return np.asarray(spatial.convert_affine_to_convention(lps, "LPS", "RAS"), dtype=np.float64)


def _placed(
    mask: NDArray[np.bool_], frame: NDArray[np.float64], shape: Sequence[int], affine: NDArray[np.float64], path: Path
) -> Voxels:
    """The voxels of the image on which the pixels of a mask (rows, columns) lie."""
    to_voxels = np.linalg.inv(affine) @ frame
    steps, start = np.rint(to_voxels[:3, :2]), np.rint(to_voxels[:3, 3])
    corners = np.array([[c, r, 0, 1] for c in (0, mask.shape[1] - 1) for r in (0, mask.shape[0] - 1)]).T
    exact = (to_voxels @ corners)[:3]
    off = float(np.abs(exact - steps @ corners[:2] - start[:, None]).max())
    if off > _OFF_GRID or not np.array_equal(steps.T @ steps, np.eye(2)):
        raise DicomError(
            f"the pixels of a segmentation must lie on those of its image, but a frame of {path} has another size or "
            f"direction, or lies up to {off:.2g} voxels off; name the series that it was made on, or resample it and "
            f"save it as NIfTI"
        )
    rows, columns = np.nonzero(mask)
    index = (steps @ np.stack([columns, rows]) + start[:, None]).astype(np.int64)
    if ((index < 0) | (index >= np.array(shape)[:, None])).any():
        raise DicomError(
            f"a segmentation must lie within its image, but a segment of {path} extends beyond it; name the whole "
            f"series that it was made on"
        )
    return tuple(index)
