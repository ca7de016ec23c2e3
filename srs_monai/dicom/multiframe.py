"""Enhanced multi-frame objects as slices: a header for each frame, made from the functional groups."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pydicom
from pydicom import Dataset

from srs_monai.dicom.grid.geometry import check_slice, described, same_grid
from srs_monai.dicom.header import (
    MARKS,
    DicomError,
    Header,
    numbers_of,
    slope_and_intercept,
    text_of,
)
from srs_monai.dicom.library_warnings import library_warnings
from srs_monai.errors import one_line
from srs_monai.text import few

_GROUPS = ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]


def frame_headers(header: Header) -> list[Header]:
    """One header for each frame of an object whose functional groups place its frames, in the order of the file.

    Raises:
        DicomError: when the groups cannot be read or are not one for each frame, when a frame has no place, and for
            several stacks or grids.
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
            frames = [_frame(header, number, [group, *shared]) for number, group in enumerate(per_frame)]
    except DicomError:
        raise
    except Exception as error:  # broken files make pydicom raise nearly anything
        raise DicomError(
            f"the functional groups of {header.path} cannot be read: {one_line(error)}; fetch the file again"
        ) from error
    _check_one_stack(frames, header.path)
    return frames


def _check_one_stack(frames: Sequence[Header], path: Path) -> None:
    for frame in frames:
        check_slice(frame)
    stacks = Counter(frame.marks["StackID"] for frame in frames)
    if len(stacks) > 1:
        counted = few(f"{name or 'none'} ({count} frames)" for name, count in stacks.items())
        raise DicomError(f"one stack of frames is read, but {path} holds several: {counted}; save each by itself")
    if not all(same_grid(frames[0], frame) for frame in frames):
        grids = Counter(described(frame) for frame in frames)
        counted = few(f"{name} ({count} frames)" for name, count in grids.items())
        raise DicomError(
            f"frames of a volume share one grid, but those of {path} do not: {counted}; save each by itself"
        )


def _frame(header: Header, number: int, groups: list[Dataset]) -> Header:
    """What is said of one frame: by its own group, else by the one that all share."""

    def numbers(sequence: str, tag: str, count: int) -> tuple[float, ...] | None:
        for group in groups:
            if group.get(sequence):
                return numbers_of(group[sequence][0], tag, count, header.path)
        return None

    said = {
        element.keyword: text_of(element.value)
        for group in reversed(groups)
        for sequence in group
        if sequence.VR == "SQ" and sequence.value
        for element in sequence[0]
        if element.keyword in MARKS
    }
    rescale_type = next(
        (
            text_of(group.PixelValueTransformationSequence[0].get("RescaleType")).strip()
            for group in groups
            if group.get("PixelValueTransformationSequence")
        ),
        "",
    )
    thickness, spacing = (
        numbers("PixelMeasuresSequence", tag, 1) for tag in ("SliceThickness", "SpacingBetweenSlices")
    )
    return replace(
        header,
        frame=number,
        marks=header.marks | said,
        position=numbers("PlanePositionSequence", "ImagePositionPatient", 3),
        orientation=numbers("PlaneOrientationSequence", "ImageOrientationPatient", 6),
        pixel_spacing=numbers("PixelMeasuresSequence", "PixelSpacing", 2),
        thickness=thickness[0] if thickness else None,
        slice_spacing=spacing[0] if spacing else None,
        rescale_type=rescale_type,
        rescale=slope_and_intercept(
            numbers("PixelValueTransformationSequence", "RescaleSlope", 1),
            numbers("PixelValueTransformationSequence", "RescaleIntercept", 1),
        ),
    )
