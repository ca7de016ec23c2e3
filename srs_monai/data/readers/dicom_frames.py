"""Enhanced multi-frame objects as slices: a header for each frame, made from the functional groups."""

from dataclasses import replace

import pydicom
from pydicom import Dataset

from srs_monai.data.readers.dicom_header import (
    DicomError,
    Header,
    library_warnings,
    numbers_of,
    slope_and_intercept,
)
from srs_monai.errors import one_line

_GROUPS = ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]


def frame_headers(header: Header) -> list[Header]:
    """One header for each frame of an object whose functional groups place its frames, in the order of the file.

    Raises:
        DicomError: when the groups cannot be read, or are not one for each frame.
    """
    try:
        with library_warnings(header.path):
            dataset = pydicom.dcmread(header.path, stop_before_pixels=True, specific_tags=list(_GROUPS))
            shared = dataset.SharedFunctionalGroupsSequence[:1]
            per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
            if len(per_frame) != header.frames:
                raise DicomError(
                    f"an enhanced object has functional groups for each of its frames, but {header.path} has "
                    f"{len(per_frame)} for {header.frames}; fetch the file again"
                )
            return [_frame(header, number, [group, *shared]) for number, group in enumerate(per_frame)]
    except DicomError:
        raise
    except Exception as error:  # broken files make pydicom raise nearly anything
        raise DicomError(
            f"the functional groups of {header.path} cannot be read: {one_line(error)}; fetch the file again"
        ) from error


def _frame(header: Header, number: int, groups: list[Dataset]) -> Header:
    """What is said of one frame: by its own group, else by the one that all share."""

    def numbers(sequence: str, tag: str, count: int) -> tuple[float, ...] | None:
        for group in groups:
            if group.get(sequence):
                return numbers_of(group[sequence][0], tag, count, header.path)
        return None

    thickness, spacing = (
        numbers("PixelMeasuresSequence", tag, 1) for tag in ("SliceThickness", "SpacingBetweenSlices")
    )
    return replace(
        header,
        frame=number,
        position=numbers("PlanePositionSequence", "ImagePositionPatient", 3),
        orientation=numbers("PlaneOrientationSequence", "ImageOrientationPatient", 6),
        pixel_spacing=numbers("PixelMeasuresSequence", "PixelSpacing", 2),
        thickness=thickness[0] if thickness else None,
        slice_spacing=spacing[0] if spacing else None,
        rescale=slope_and_intercept(
            numbers("PixelValueTransformationSequence", "RescaleSlope", 1),
            numbers("PixelValueTransformationSequence", "RescaleIntercept", 1),
        ),
    )
