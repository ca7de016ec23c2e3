"""DICOM RT structure sets: labels as contours on the slices that were segmented."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom import DataElement, Dataset, config
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage

from srs_monai import __version__
from srs_monai.data.readers import SourceGrid, dicom_slices
from srs_monai.files import replacing
from srs_monai.inference.results.packed_labels import Labels, planes_of
from srs_monai.inference.results.sidecar import Run
from srs_monai.inference.writers.contours import outlines
from srs_monai.inference.writers.source_headers import OF_STUDY, source_headers, uid_from
from srs_monai.inference.writers.source_slices import on_source_slices
from srs_monai.inference.writers.written_labels import SERIES_NUMBER, Colours, check_labels, label_code
from srs_monai.labels import Label

_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"  # class of a study; it is retired, but structure sets still refer to it


def write_rtstruct(
    path: str | Path,
    values: Labels,
    affine: NDArray[np.float64],
    source: str | Path,
    labels: Sequence[Label],
    run: Run,
) -> list[str]:
    """Write the mask of a DICOM volume as contours in the patient's coordinates, slice by slice.

    Every label is a region with the label's number; a label that was not found has no contours. Contours run half-way
    between pixels, and holes are keyholes (see `outlines`). Filling all pixels whose centres lie inside restores the
    mask on the source's slices.

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
    colours = Colours(labels)
    with config.disable_value_validation():
        references = list(_references(headers.datasets, grid))
        structure_set = _structure_set(headers.datasets[0], references, run)
        structure_set.StructureSetROISequence = []
        structure_set.ROIContourSequence = []
        structure_set.RTROIObservationsSequence = []
        for number, label in enumerate(labels, 1):
            structure_set.StructureSetROISequence.append(_region(number, label, headers.datasets[0]))
            structure_set.RTROIObservationsSequence.append(_observation(number, label))
            contours = list(_contours(planes, number, grid, references))
            structure_set.ROIContourSequence.append(_contour_set(number, colours.of(number), contours))
        with replacing(path) as temporary:
            structure_set.save_as(temporary, enforce_file_format=True)
    return [*notes, *headers.notes]


def _references(images: Sequence[Dataset], grid: SourceGrid) -> Iterator[Dataset]:
    """A reference to each slice of the source."""
    by_path = dict(zip(dict.fromkeys(grid.paths), images, strict=True))
    for path, frame in zip(grid.paths, grid.frames, strict=True):
        reference = Dataset()
        reference.ReferencedSOPClassUID = by_path[path].SOPClassUID
        reference.ReferencedSOPInstanceUID = by_path[path].SOPInstanceUID
        if len(by_path) < len(grid.paths):
            reference.ReferencedFrameNumber = frame
        yield reference


def _structure_set(image: Dataset, references: Sequence[Dataset], run: Run) -> Dataset:
    """A structure set without regions, in the study of the image."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian  # explicit syntaxes limit a contour to 64 KB
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = RTStructureSetStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = hd.UID()
    made.SpecificCharacterSet = "ISO_IR 192"  # UTF-8, for all texts of the source and names of labels
    for keyword in (*OF_STUDY, "StudyInstanceUID", "FrameOfReferenceUID"):
        setattr(made, keyword, image[keyword].value)
    made.PositionReferenceIndicator = image.get("PositionReferenceIndicator") or ""
    made.Modality = "RTSTRUCT"
    made.SeriesInstanceUID = uid_from(run.uid, "RTSTRUCT", image.SeriesInstanceUID, image.SOPInstanceUID)
    made.SeriesNumber = SERIES_NUMBER + int(image.get("SeriesNumber") or 0)
    made.SeriesDescription = "srs_monai contours"
    made.OperatorsName = ""
    made.Manufacturer, made.ManufacturerModelName, made.SoftwareVersions = "srs_monai", "SRSNet", __version__
    made.DeviceSerialNumber = run.sha256 or "unknown"
    made.InstanceNumber = 1
    now = datetime.now()
    made.StructureSetLabel = "srs_monai"
    made.StructureSetDate = made.InstanceCreationDate = now.strftime("%Y%m%d")
    made.StructureSetTime = made.InstanceCreationTime = now.strftime("%H%M%S")
    made.ApprovalStatus = "UNAPPROVED"

    series = Dataset()
    series.SeriesInstanceUID, series.ContourImageSequence = image.SeriesInstanceUID, list(references)
    study = Dataset()
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = _STUDY_CLASS, image.StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = image.FrameOfReferenceUID, [study]
    made.ReferencedFrameOfReferenceSequence = [frame]
    return made


def _region(number: int, label: Label, image: Dataset) -> Dataset:
    region = Dataset()
    region.ROINumber, region.ROIName = number, label.name
    region.ReferencedFrameOfReferenceUID = image.FrameOfReferenceUID
    region.ROIGenerationAlgorithm = "AUTOMATIC"
    region.ROIGenerationDescription = f"srs_monai {__version__}"
    return region


def _observation(number: int, label: Label) -> Dataset:
    observation = Dataset()
    observation.ObservationNumber = observation.ReferencedROINumber = number
    observation.RTROIInterpretedType = observation.ROIInterpreter = ""
    observation.RTROIIdentificationCodeSequence = [hd.sr.CodedConcept.from_code(label_code(label.code))]
    return observation


def _contours(labels: Labels, number: int, grid: SourceGrid, references: Sequence[Dataset]) -> Iterator[Dataset]:
    """The contours of one label (columns, rows, slices)."""
    for plane, affine, reference in zip(planes_of(labels), grid.affines, references, strict=True):
        region: NDArray[np.bool_] = np.equal(plane, number).transpose()
        for polygon in outlines(region) if region.any() else ():
            lps = (polygon[:, ::-1] @ affine[:3, :2].T + affine[:3, 3]) * [-1, -1, 1]
            contour = Dataset()
            contour.ContourImageSequence = [reference]
            contour.ContourGeometricType = "CLOSED_PLANAR"
            contour.NumberOfContourPoints = len(lps)
            numbers = [f"{value:.4f}" for value in lps.ravel().tolist()]
            contour.add(
                DataElement("ContourData", "DS", numbers, already_converted=True)
            )  # otherwise pydicom parses each number
            yield contour


def _contour_set(number: int, colour: tuple[int, int, int], contours: Sequence[Dataset]) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber, item.ROIDisplayColor = number, list(colour)
    if contours:
        item.ContourSequence = list(contours)
    return item
