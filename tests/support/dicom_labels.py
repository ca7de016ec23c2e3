"""Small DICOM segmentations and structure sets, made from masks and contours that the tests know."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
from numpy.typing import ArrayLike, NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

Contour = tuple[str, ArrayLike]


def write_rtstruct(path: Path, regions: Sequence[tuple[str, Sequence[Contour]]], frame_of_reference: str = "") -> Path:
    """Write a structure set of named regions, their contours as (type, points LPS in mm)."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = RTStructureSetStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = generate_uid()
    made.StructureSetROISequence, made.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(regions, 1):
        roi, item = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, item.ReferencedROINumber = number, name, number
        if frame_of_reference:
            roi.ReferencedFrameOfReferenceUID = frame_of_reference
        item.ContourSequence = []
        for kind, points in contours:
            contour = Dataset()
            contour.ContourGeometricType = kind
            contour.ContourData = [f"{value:.6f}" for value in np.ravel(points)]
            item.ContourSequence.append(contour)
        made.StructureSetROISequence.append(roi)
        made.ROIContourSequence.append(item)
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path, enforce_file_format=True)
    return path


def write_seg(
    path: Path,
    files: Sequence[Path],
    masks: Mapping[str, NDArray[np.bool_]],
    kind: str = "BINARY",
) -> Path:
    """Write a segmentation of named segments, numbered from 1, as highdicom does.

    Args:
        path: to write to.
        files: of the slices that it is made on.
        masks: of each segment, (slices, rows, columns) in the order of the files.
        kind: "BINARY", "FRACTIONAL" or "LABELMAP"; the latter takes masks that do not overlap.
    """
    described = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=name,
            segmented_property_category=codes.SCT.Organ,
            segmented_property_type=codes.SCT.Liver,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, name in enumerate(masks, 1)
    ]
    stored = np.stack(list(masks.values()), axis=-1)
    made = hd.seg.Segmentation(
        source_images=[pydicom.dcmread(file) for file in files],
        pixel_array=stored.astype(np.float32 if kind == "FRACTIONAL" else np.uint8),
        segmentation_type=kind,
        segment_descriptions=described,
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="none",
        manufacturer_model_name="none",
        software_versions="1",
        device_serial_number="1",
        omit_empty_frames=True,
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path)
    return path
