"""DICOM Segmentation objects on the frames of the files that were segmented."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
from highdicom.color import CIELabColor
from numpy.typing import NDArray
from pydicom import Dataset, config
from pydicom.sr.codedict import codes
from pydicom.uid import SecondaryCaptureImageStorage

from srs_monai import __version__
from srs_monai.data.readers import dicom_slices
from srs_monai.dicom.library_warnings import library_warnings
from srs_monai.files import replacing
from srs_monai.inference.results.packed_labels import Labels, plane_of, planes_of
from srs_monai.inference.results.sidecar import Run
from srs_monai.inference.writers.source_headers import source_headers, uid_from
from srs_monai.inference.writers.source_slices import on_source_slices
from srs_monai.inference.writers.written_labels import SERIES_NUMBER, Colours, check_labels, label_code
from srs_monai.labels import LONGEST, Label
from srs_monai.text import few


def write_dicom_seg(
    path: str | Path,
    values: Labels,
    affine: NDArray[np.float64],
    source: str | Path,
    labels: Sequence[Label],
    run: Run,
) -> list[str]:
    """Write the mask of a DICOM volume as a BINARY segmentation on the slices of its source.

    Every label has a segment with the label's number, also if it was not found. Frames without a pixel are omitted. An
    empty mask keeps the first slice, with a frame of zeros for each segment, so that the object is valid.

    Args:
        path: path of the file.
        values: the mask, (X, Y, Z), 0 is background.
        affine: indices of the mask to RAS in mm.
        source: source of the image, as given to the reader.
        labels: meaning of the numbers 1, 2, ...
        run: weights, settings and software of the run.

    Returns:
        Differences from the mask and the source, one sentence each.

    Raises:
        ValueError: for values without a label, and for a source that does not belong to the mask.
    """
    check_labels(values, labels, source)
    grid = dicom_slices(source)
    planes, notes = on_source_slices(values, affine, grid)
    headers = source_headers(grid.paths)
    images, thickness = headers.datasets, float(np.linalg.norm(affine[:3, 2]))
    further: Sequence[Dataset] = ()
    places: list[hd.PlanePositionSequence] | None = None
    if "SharedFunctionalGroupsSequence" in images[0]:
        _place_frames(images[0], grid.affines[0], thickness)
        places = [hd.PlanePositionSequence("PATIENT", place[:3, 3] * [-1, -1, 1]) for place in grid.affines]
    else:
        _place_slices(images, thickness)
    if not planes.any():
        planes = np.zeros((grid.columns, grid.rows, 1), np.uint8)
        images, further, places = images[:1], images[1:], places and places[:1]
    if planes.shape[2] == 1:  # with several slices, highdicom computes it from the positions
        measures = images[0] if places is None else images[0].SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        measures.SpacingBetweenSlices = f"{thickness:.6g}"
    _save(
        _segmentation(source, images, planes, labels, run, further_source_images=further, plane_positions=places), path
    )
    return [*notes, *headers.notes]


def write_frame_seg(
    path: str | Path, values: NDArray[np.uint8], source: str | Path, frame: int, labels: Sequence[Label], run: Run
) -> list[str]:
    """Write the mask of a DICOM picture without a position in the patient as a BINARY segmentation of one frame.

    Args:
        path: path of the file.
        values: the mask, (H, W), 0 is background.
        source: file of the picture.
        frame: number of the picture in its file, counted from 1.
        labels, run: see `write_dicom_seg`.

    Returns:
        Additions that the source lacks, one sentence each.

    Raises:
        ValueError: for values without a label.
    """
    check_labels(values, labels, source)
    headers = source_headers([Path(source)])
    picture = headers.datasets[0]
    # highdicom rejects frames without positions: it gets a single picture, and the references are corrected below
    sop_class, frames = str(picture.SOPClassUID), int(picture.get("NumberOfFrames") or 1)
    picture.SOPClassUID = SecondaryCaptureImageStorage
    for keyword in ("FrameOfReferenceUID", "NumberOfFrames", "PixelSpacing"):
        picture.pop(keyword, None)
    segmentation = _segmentation(source, [picture], values.T[:, :, None], labels, run, instance_number=frame)
    segmentation.PatientOrientation = picture.get("PatientOrientation") or ""
    for reference in _references(segmentation):
        reference.ReferencedSOPClassUID = sop_class
        if frames > 1:
            reference.ReferencedFrameNumber = frame
    _save(segmentation, path)
    return [note for note in headers.notes if "FrameOfReference" not in note]


def _place_slices(images: Sequence[Dataset], thickness: float) -> None:
    """Give all slices the directions of the first slice, from which they differ by rounding only, and a thickness."""
    for image in images:
        image.ImageOrientationPatient = images[0].ImageOrientationPatient
        image.PixelSpacing = images[0].PixelSpacing
        image.SliceThickness = images[0].get("SliceThickness") or f"{thickness:.6g}"
        image.pop("SpacingBetweenSlices", None)  # the positions decide


def _place_frames(image: Dataset, slice_affine: NDArray[np.float64], thickness: float) -> None:
    """State directions and pixel spacing of an enhanced object for all frames together."""
    lps = np.diag([-1.0, -1.0, 1.0]) @ slice_affine[:3, :2]
    spacing = np.linalg.norm(lps, axis=0)
    shared = image.SharedFunctionalGroupsSequence[0]
    shared.PlaneOrientationSequence = hd.PlaneOrientationSequence("PATIENT", (lps / spacing).T.ravel())
    shared.PixelMeasuresSequence = hd.PixelMeasuresSequence(spacing[::-1], thickness)


def _segmentation(
    source: str | Path,
    images: Sequence[Dataset],
    planes: Labels,
    labels: Sequence[Label],
    run: Run,
    instance_number: int = 1,
    plane_positions: Sequence[hd.PlanePositionSequence] | None = None,
    further_source_images: Sequence[Dataset] = (),
) -> hd.seg.Segmentation:
    """A segmentation of a mask (columns, rows, slices).

    highdicom needs all pixels at once. It therefore gets a small picture of each slice, with one pixel for each label
    of the slice, and creates the frames from it. Their real pixels are inserted here, slice by slice.
    """
    small = np.stack([_numbers(plane, len(labels)) for plane in planes_of(planes)])
    for image in images:
        image.Rows, image.Columns = small.shape[1:]
    parameters = {"weights_sha256": run.sha256} if run.sha256 else None
    algorithm = hd.AlgorithmIdentificationSequence(
        name="srs_monai", version=__version__, family=codes.cid7162.ArtificialIntelligence, parameters=parameters
    )
    colours = Colours(labels)
    with library_warnings(Path(source)), config.disable_value_validation():
        made = hd.seg.Segmentation(
            source_images=images,
            pixel_array=small,
            segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
            segment_descriptions=[
                _segment(number, label, colours.of(number), algorithm) for number, label in enumerate(labels, 1)
            ],
            series_instance_uid=uid_from(run.uid, "SEG", images[0].SeriesInstanceUID, images[0].SOPInstanceUID),
            series_number=SERIES_NUMBER + int(images[0].get("SeriesNumber") or 0),
            series_description="srs_monai segmentation",
            sop_instance_uid=hd.UID(),
            instance_number=instance_number,
            manufacturer="srs_monai",
            manufacturer_model_name="SRSNet",
            software_versions=__version__,
            device_serial_number=run.sha256 or "unknown",
            specific_character_set="ISO_IR 192",  # UTF-8, for all texts of the source and names of labels
            content_label="SEGMENTATION",
            omit_empty_frames=bool(small.any()),
            content_description=few(label.name for label in labels)[:LONGEST],
            plane_positions=plane_positions,
            further_source_images=further_source_images,
        )
    made.ContentCreatorName = ""  # a program created it; the attribute must exist
    made.Columns, made.Rows = planes.shape[:2]
    placed = [image.ImagePositionPatient for image in images if "ImagePositionPatient" in image]
    if plane_positions is not None:
        placed = [place[0].ImagePositionPatient for place in plane_positions]
    made.PixelData = _pixels(planes, _frames(made, placed if planes.shape[2] > 1 else []))
    return made


def _numbers(plane: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """The labels of a slice, (1, count), each at its own place; 0 for absent labels."""
    there = np.bincount(plane.ravel(), minlength=count + 1)[1:] > 0 if plane.any() else np.zeros(count, dtype=bool)
    return np.where(there, np.arange(1, count + 1), 0).astype(np.uint8)[None]


def _pixels(planes: Labels, frames: Sequence[tuple[int, int]]) -> bytes:
    """The pixels of frames, each a label on a slice, as bits without gaps between frames."""
    packed, rest = bytearray(), np.zeros(0, dtype=np.bool_)
    for number, place in frames:
        bits = np.concatenate([rest, plane_of(planes, place).T.ravel() == number])
        whole = len(bits) // 8 * 8
        packed += np.packbits(bits[:whole], bitorder="little").tobytes()
        rest = bits[whole:]
    packed += np.packbits(rest, bitorder="little").tobytes()
    return bytes(packed) + b"\0" * (len(packed) % 2)


def _frames(made: Dataset, positions: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """The label's number and the slice of each frame. Slices are found by position; a single slice needs no search."""
    place_of = {tuple(map(float, position)): place for place, position in enumerate(positions)}
    shared = made.SharedFunctionalGroupsSequence[0]  # holds the values that all frames share
    found = []
    for frame in made.PerFrameFunctionalGroupsSequence:
        groups = {**{element.keyword: element for element in shared}, **{element.keyword: element for element in frame}}
        number = int(groups["SegmentIdentificationSequence"].value[0].ReferencedSegmentNumber)
        position = groups["PlanePositionSequence"].value[0].ImagePositionPatient if place_of else ()
        found.append((number, place_of[tuple(map(float, position))] if place_of else 0))
    return found


def _segment(
    number: int, label: Label, colour: tuple[int, int, int], algorithm: hd.AlgorithmIdentificationSequence
) -> hd.seg.SegmentDescription:
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=label.name,
        segmented_property_category=label_code(label.category),
        segmented_property_type=label_code(label.code),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
        display_color=CIELabColor.from_rgb(*colour),
    )


def _references(segmentation: Dataset) -> Iterator[Dataset]:
    """All references to the source's instance."""
    yield from segmentation.SourceImageSequence
    for series in segmentation.ReferencedSeriesSequence:
        yield from series.ReferencedInstanceSequence
    for frame in segmentation.PerFrameFunctionalGroupsSequence:
        for derivation in frame.DerivationImageSequence:
            yield from derivation.SourceImageSequence


def _save(segmentation: hd.seg.Segmentation, path: str | Path) -> None:
    with replacing(path) as temporary, config.disable_value_validation():
        segmentation.save_as(temporary)
