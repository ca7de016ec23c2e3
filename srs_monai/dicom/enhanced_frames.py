"""Enhanced multi-frame objects as slices: a header for each frame, made from the functional groups."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydicom import Dataset

from srs_monai.dicom.grid.geometry import check_slice, described, same_grid
from srs_monai.dicom.header import MARKS, DicomError, Header
from srs_monai.dicom.tag_values import number_of, numbers_of, rescale_of, text_of
from srs_monai.errors import one_line
from srs_monai.text import few


def frame_headers(header: Header, dataset: Dataset) -> tuple[Header, ...]:
    """One header for each frame of an enhanced object, in the order of the file.

    Args:
        header: header of the object.
        dataset: its functional groups.

    Raises:
        DicomError: when the groups cannot be read or their number is not that of the frames, for a frame without a
            position, and for
            several stacks or grids.
    """
    try:
        shared = dataset.SharedFunctionalGroupsSequence[:1]
        per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
        if len(per_frame) != header.frames:
            raise DicomError(
                f"an enhanced object must have functional groups for each frame, but {header.path} has "
                f"{len(per_frame)} for {header.frames}; fetch the file again"
            )
        frames = tuple(_frame(header, number, [group, *shared]) for number, group in enumerate(per_frame))
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
    stacks = Counter(frame.mark("StackID") for frame in frames)
    if len(stacks) > 1:
        counted = few(f"{name or 'none'} ({count} frames)" for name, count in stacks.items())
        raise DicomError(
            f"an enhanced object must hold one stack, but {path} holds several: {counted}; save each by itself"
        )
    if not all(same_grid(frames[0], frame) for frame in frames):
        grids = Counter(described(frame) for frame in frames)
        counted = few(f"{name} ({count} frames)" for name, count in grids.items())
        raise DicomError(
            f"frames of a volume must share one grid, but those of {path} do not: {counted}; save each by itself"
        )


def _frame(header: Header, number: int, groups: Sequence[Dataset]) -> Header:
    """The header of one frame: values of its own group, otherwise those of the shared group."""

    def first(sequence: str) -> Dataset:
        return next((group[sequence][0] for group in groups if group.get(sequence)), Dataset())

    path, measures, values = header.path, first("PixelMeasuresSequence"), first("PixelValueTransformationSequence")
    marks = {
        element.keyword: text_of(element.value)
        for group in reversed(groups)
        for sequence in group
        if sequence.VR == "SQ" and sequence.value
        for element in sequence[0]
        if element.keyword in MARKS
    }
    return replace(
        header,
        frame=number,
        marks=header.marks | marks,
        position=numbers_of(first("PlanePositionSequence"), "ImagePositionPatient", 3, path),
        orientation=numbers_of(first("PlaneOrientationSequence"), "ImageOrientationPatient", 6, path),
        pixel_spacing=numbers_of(measures, "PixelSpacing", 2, path),
        thickness=number_of(measures, "SliceThickness", path),
        slice_spacing=number_of(measures, "SpacingBetweenSlices", path),
        rescale=rescale_of(values, path),
        rescale_type=text_of(values.get("RescaleType")).strip(),
    )
