"""The header of a file, as pydicom gives it, as a `Header`."""

from pathlib import Path
from typing import Any

from pydicom import Dataset, uid

from srs_monai.dicom.header import MARKS, NO_SERIES_UID, DicomError, Header, Kind, NoImageError
from srs_monai.dicom.tag_values import number_of, numbers_of, rescale_of, text_of

#: what `parse_header` and `frame_headers` read
TAGS = [
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Modality",
    "ImageType", "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices",
    "RescaleSlope", "RescaleIntercept", "RescaleType", "ModalityLUTSequence",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "InConcatenationTotalNumber", "TotalPixelMatrixColumns", "DirectoryRecordSequence", *MARKS,
]  # fmt: skip
_DERIVED = {
    uid.SegmentationStorage: "a segmentation",
    uid.UID("1.2.840.10008.5.1.4.1.1.66.7"): "a segmentation",  # label map, newer than pydicom 3's names
    uid.RTDoseStorage: "a dose distribution",
    uid.ParametricMapStorage: "a parametric map",
}
# one slice in each file; the slice needs a position in the patient
_SLICE_CLASSES = {
    uid.CTImageStorage: "CT",
    uid.MRImageStorage: "MR",
    uid.PositronEmissionTomographyImageStorage: "PT",
}
# many slices in each file; functional groups give their positions
_ENHANCED_CLASSES = {
    uid.EnhancedCTImageStorage: "CT",
    uid.EnhancedMRImageStorage: "MR",
    uid.EnhancedPETImageStorage: "PT",
    uid.LegacyConvertedEnhancedCTImageStorage: "CT",
    uid.LegacyConvertedEnhancedMRImageStorage: "MR",
    uid.LegacyConvertedEnhancedPETImageStorage: "PT",
}
_SECONDARY_CAPTURES = {
    uid.SecondaryCaptureImageStorage,
    uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    uid.MultiFrameTrueColorSecondaryCaptureImageStorage,
}


def parse_header(path: Path, dataset: Dataset) -> Header:
    """The header of an image.

    Args:
        path: path of the file.
        dataset: its TAGS, with its file meta information.

    Raises:
        NoImageError: when the file is not a supported image.
        DicomError: when the header is faulty.
    """
    sop_class = dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID", "")
    _check_class(path, dataset, sop_class)
    position = numbers_of(dataset, "ImagePositionPatient", 3, path)
    orientation = numbers_of(dataset, "ImageOrientationPatient", 6, path)
    thickness = number_of(dataset, "SliceThickness", path)
    slice_spacing = number_of(dataset, "SpacingBetweenSlices", path)
    rescale = rescale_of(dataset, path)
    frames = _frames(dataset, path)
    kind = _kind(path, dataset, sop_class, frames, placed=position is not None and orientation is not None)
    # the class precedes the tag: if the tag of a CT was garbled, its values would not be checked as HU
    modality = (_SLICE_CLASSES | _ENHANCED_CLASSES).get(sop_class) or text_of(dataset.get("Modality")).strip().upper()
    return Header(
        path=path,
        kind=kind,
        series_uid=text_of(dataset.get("SeriesInstanceUID")) or NO_SERIES_UID,
        study_uid=text_of(dataset.get("StudyInstanceUID")),
        frame_of_reference=text_of(dataset.get("FrameOfReferenceUID")),
        sop_class=text_of(sop_class),
        sop_instance=str(dataset.get("SOPInstanceUID") or dataset.file_meta.get("MediaStorageSOPInstanceUID") or ""),
        modality=modality,
        localizer=_localizer(dataset),
        secondary_capture=sop_class in _SECONDARY_CAPTURES,
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        frames=frames,
        position=position,
        orientation=orientation,
        # a picture's spacing is not used, and secondary captures write it in odd forms
        pixel_spacing=numbers_of(dataset, "PixelSpacing", 2, path) if kind is Kind.SLICE else None,
        thickness=thickness,
        slice_spacing=slice_spacing,
        rescale=rescale,
        rescale_type=text_of(dataset.get("RescaleType")).strip(),
        modality_table="ModalityLUTSequence" in dataset,
        marks={tag: mark for tag in MARKS if (mark := _mark(dataset, tag))},
    )


def no_image(path: Path, what: str, way_out: str, *, unread_image: bool = False) -> NoImageError:
    """The error for a file that is not read as an image; see `NoImageError`."""
    return NoImageError(f"a DICOM image is needed, but {path} is {what}; {way_out}", what, unread_image)


def _check_class(path: Path, dataset: Dataset, sop_class: Any) -> None:
    """Reject objects that are not images, and images of unsupported forms."""
    if "DirectoryRecordSequence" in dataset:
        raise no_image(path, "a DICOMDIR, a list of files", "name the folder of the images")
    if sop_class in _DERIVED:
        raise no_image(path, _DERIVED[sop_class], "name the image it belongs to")
    if not dataset.get("Rows") or not dataset.get("Columns"):
        name = str(getattr(sop_class, "name", ""))
        if name.endswith("Image Storage"):
            raise DicomError(f"an image must have Rows and Columns, but {path}, {name}, has none; fetch the file again")
        # neither a known class nor a private one
        if name == str(sop_class) and "SeriesInstanceUID" not in dataset:
            raise DicomError(
                f"a DICOM object must state its series, but {path} ends before that; fetch the file again, or remove "
                f"it from the folder"
            )
        raise no_image(path, f"of class {name or 'unknown'}, without pixels", "name an image")
    if dataset.get("TotalPixelMatrixColumns"):
        tiles = f"a slide in tiles of {dataset.Rows} x {dataset.Columns}"
        way_out = "save its region of interest as a picture"
        raise no_image(path, tiles, way_out, unread_image=not _localizer(dataset))


def _kind(path: Path, dataset: Dataset, sop_class: Any, frames: int, placed: bool) -> Kind:
    """The content of the file."""
    grouped = "SharedFunctionalGroupsSequence" in dataset
    grey = dataset.get("SamplesPerPixel", 1) == 1 and dataset.get("PhotometricInterpretation") != "PALETTE COLOR"
    if grey and grouped and (sop_class in _ENHANCED_CLASSES or _frames_are_placed(dataset)):
        kind = Kind.ENHANCED
    elif frames == 1 and grey and (placed or sop_class in _SLICE_CLASSES):
        kind = Kind.SLICE
    else:
        kind = Kind.PICTURE if frames == 1 else Kind.FRAMES
    if not grouped and sop_class in _ENHANCED_CLASSES:
        what = f"{sop_class.name} without functional groups"
        raise no_image(path, what, "fetch the whole object", unread_image=not _localizer(dataset))
    if kind is Kind.FRAMES and sop_class in _SLICE_CLASSES:
        what = f"{sop_class.name}, a class of single slices, with {frames} frames without positions"
        way_out = "save each frame in its own file, with ImagePositionPatient"
        raise no_image(path, what, way_out, unread_image=not _localizer(dataset))
    return kind


def _frames(dataset: Dataset, path: Path) -> int:
    value = dataset.get("NumberOfFrames")
    frames = 1 if value is None else int(value)
    if frames < 1:
        raise DicomError(f"NumberOfFrames must be at least 1, but {path} has {frames}; correct the header")
    if int(dataset.get("InConcatenationTotalNumber") or 1) > 1:
        parts = f"one of {dataset.InConcatenationTotalNumber} parts of an object"
        raise no_image(path, parts, "join them in one file", unread_image=not _localizer(dataset))
    return frames


def _frames_are_placed(dataset: Dataset) -> bool:
    """Whether functional groups give the first frame a position in the patient."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    groups = [*dataset.SharedFunctionalGroupsSequence[:1], *per_frame[:1]]
    return any("PlanePositionSequence" in group for group in groups)


def _localizer(dataset: Dataset) -> bool:
    return "LOCALIZER" in (dataset.get("ImageType") or ())


def _mark(dataset: Dataset, tag: str) -> str:
    """The value of a tag in MARKS; "" if it cannot be read, which is not a reason to reject the file."""
    try:
        return text_of(dataset.get(tag))
    except Exception:  # values that are not numbers make pydicom raise nearly anything
        return ""
