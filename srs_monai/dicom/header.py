"""What a DICOM file says of itself before its pixels are read."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom import uid
from pydicom.multival import MultiValue

from srs_monai.dicom.library_warnings import library_warnings
from srs_monai.errors import one_line

DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
NO_SERIES_UID = "no-series-uid"
_TAGS = [
    "SOPClassUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Modality", "ImageType",
    "Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices",
    "RescaleSlope", "RescaleIntercept", "RescaleType", "ModalityLUTSequence",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "InConcatenationTotalNumber", "TotalPixelMatrixColumns", "DirectoryRecordSequence",
]  # fmt: skip
# what tells slices at one place apart, the most telling first
MARKS = [
    "StackID", "DiffusionBValue", "DiffusionGradientOrientation", "EchoNumbers", "EchoTime", "EffectiveEchoTime",
    "TemporalPositionIdentifier", "TemporalPositionIndex", "TriggerTime", "NominalCardiacTriggerDelayTime",
    "NominalPercentageOfCardiacPhase", "AcquisitionNumber", "FrameAcquisitionNumber", "InversionTime", "FlipAngle",
    "KVP", "ConvolutionKernel", "ImageType", "FrameType", "AcquisitionTime", "AcquisitionDateTime",
    "FrameAcquisitionDateTime", "FrameReferenceTime", "ContentTime",
]  # fmt: skip
_DERIVED = {
    uid.SegmentationStorage: "a segmentation",
    uid.UID("1.2.840.10008.5.1.4.1.1.66.7"): "a segmentation",  # label map, newer than pydicom 3's names
    uid.RTDoseStorage: "a dose distribution",
    uid.ParametricMapStorage: "a parametric map",
}
# one slice a file, at a place in the patient: without it, these are not read
_SLICE_CLASSES = {
    uid.CTImageStorage: "CT",
    uid.MRImageStorage: "MR",
    uid.PositronEmissionTomographyImageStorage: "PT",
}
# many slices a file, each placed by the functional groups
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


class DicomError(ValueError):
    """DICOM input that cannot be read rightly: the rule, what was met, and the way out."""


class NoImageError(DicomError):
    """A file that holds nothing to be read as an image; beside a series, it is left out.

    `unread_image`: whether it is an image all the same, of a form that is not read.
    """

    def __init__(self, path: Path, what: str, way_out: str, *, unread_image: bool = False) -> None:
        super().__init__(f"DICOM images are read, but {path} is {what}; {way_out}")
        self.what = what
        self.unread_image = unread_image


class Kind(Enum):
    """What one file holds."""

    SLICE = "a slice of a volume"
    ENHANCED = "a volume in frames that have places of their own"
    PICTURE = "a picture"
    FRAMES = "a sequence of pictures"


@dataclass(frozen=True)
class Header:
    """The facts of one file, or of one of its frames, that decide how it is read.

    Lengths are in mm; None: the file does not say. `rescale` is slope and intercept; `marks` are the values, "" where
    there is none, of the tags that may tell slices at one place apart; `frame` counts from 0.
    """

    path: Path
    kind: Kind
    series_uid: str
    frame_of_reference: str
    modality: str
    localizer: bool
    secondary_capture: bool
    rows: int
    columns: int
    frames: int
    position: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    thickness: float | None
    slice_spacing: float | None
    rescale: tuple[float, float] | None
    rescale_type: str
    modality_table: bool
    marks: dict[str, str]
    frame: int = 0

    @property
    def rescaled(self) -> bool:
        """Whether the file says what its stored values mean."""
        return self.modality_table or self.rescale is not None


def is_dicom(path: Path) -> bool:
    """Whether a file carries DICOM's mark."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def is_dicom_name(path: Path) -> bool:
    """Whether a name ends as DICOM files often do."""
    return path.suffix.lower() in DICOM_SUFFIXES


def read_header(path: Path) -> Header:
    """Read what stands before the pixels.

    Raises:
        DicomError: when the file is no DICOM image of a kind that is read, or its header is faulty.
    """
    try:
        marked = is_dicom(path)
    except OSError as error:
        raise DicomError(f"{path} cannot be opened: {one_line(error)}; check its permissions") from error
    if not marked:
        raise NoImageError(
            path, "no DICOM file, for it lacks the mark 'DICM'", "leave it out, or give it file meta data"
        )
    try:
        with library_warnings(path):
            dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[*_TAGS, *MARKS])
            return _header(path, dataset)
    except DicomError:
        raise
    except Exception as error:  # broken files make pydicom and its decompressors raise nearly anything
        raise DicomError(f"the header of {path} cannot be read: {one_line(error)}; fetch the file again") from error


def _header(path: Path, dataset: pydicom.Dataset) -> Header:
    sop_class = dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID", "")
    if "DirectoryRecordSequence" in dataset:
        raise NoImageError(path, "a DICOMDIR, a list of files", "name the folder of the images")
    if sop_class in _DERIVED:
        raise NoImageError(path, _DERIVED[sop_class], "name the image it belongs to")
    if not dataset.get("Rows") or not dataset.get("Columns"):
        name = str(getattr(sop_class, "name", ""))
        if name.endswith("Image Storage"):
            raise DicomError(f"an image has Rows and Columns, but {path}, {name}, has none; fetch the file again")
        if name == str(sop_class) and "SeriesInstanceUID" not in dataset:  # no class that is known, nor a private one
            raise DicomError(
                f"a DICOM object belongs to a series, but {path} ends before it says to which; fetch the file again, "
                f"or take it out of the folder"
            )
        raise NoImageError(path, f"of class {name or 'unknown'}, without pixels", "name an image")
    if dataset.get("TotalPixelMatrixColumns"):
        tiles = f"a slide in tiles of {dataset.Rows} x {dataset.Columns}"
        raise NoImageError(
            path, tiles, "save its region of interest as a picture", unread_image=not _localizer(dataset)
        )
    numbers = {
        key: numbers_of(dataset, tag, count, path)
        for key, tag, count in (
            ("position", "ImagePositionPatient", 3),
            ("orientation", "ImageOrientationPatient", 6),
            ("thickness", "SliceThickness", 1),
            ("slice_spacing", "SpacingBetweenSlices", 1),
            ("slope", "RescaleSlope", 1),
            ("intercept", "RescaleIntercept", 1),
        )
    }
    frames = _frames(dataset, path)
    grouped = "SharedFunctionalGroupsSequence" in dataset
    placed = numbers["position"] is not None and numbers["orientation"] is not None
    grey = dataset.get("SamplesPerPixel", 1) == 1 and dataset.get("PhotometricInterpretation") != "PALETTE COLOR"
    if grey and grouped and (sop_class in _ENHANCED_CLASSES or _frames_are_placed(dataset)):
        kind = Kind.ENHANCED
    elif frames == 1 and grey and (placed or sop_class in _SLICE_CLASSES):
        kind = Kind.SLICE
    else:
        kind = Kind.PICTURE if frames == 1 else Kind.FRAMES
    if not grouped and sop_class in _ENHANCED_CLASSES:
        what = f"{sop_class.name} without functional groups"
        raise NoImageError(path, what, "fetch the whole object", unread_image=not _localizer(dataset))
    if kind is Kind.FRAMES and sop_class in _SLICE_CLASSES:
        what = f"{sop_class.name}, which is one slice, of {frames} frames without places"
        way_out = "save its frames as files of their own, with ImagePositionPatient"
        raise NoImageError(path, what, way_out, unread_image=not _localizer(dataset))
    # the class goes before the tag: without rescaling, values of a CT whose tag was garbled would pass for any numbers
    modality = (_SLICE_CLASSES | _ENHANCED_CLASSES).get(sop_class) or text_of(dataset.get("Modality")).strip().upper()
    return Header(
        path=path,
        kind=kind,
        series_uid=str(dataset.get("SeriesInstanceUID") or "") or NO_SERIES_UID,
        frame_of_reference=str(dataset.get("FrameOfReferenceUID") or ""),
        modality=modality,
        localizer=_localizer(dataset),
        secondary_capture=sop_class in _SECONDARY_CAPTURES,
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        frames=frames,
        position=numbers["position"],
        orientation=numbers["orientation"],
        # a picture's spacing is not used, and secondary captures write it in odd forms
        pixel_spacing=numbers_of(dataset, "PixelSpacing", 2, path) if kind is Kind.SLICE else None,
        thickness=_first(numbers["thickness"]),
        slice_spacing=_first(numbers["slice_spacing"]),
        rescale=slope_and_intercept(numbers["slope"], numbers["intercept"]),
        rescale_type=text_of(dataset.get("RescaleType")).strip(),
        modality_table="ModalityLUTSequence" in dataset,
        marks={tag: _mark(dataset, tag) for tag in MARKS},
    )


def _localizer(dataset: pydicom.Dataset) -> bool:
    return "LOCALIZER" in (dataset.get("ImageType") or ())


def _mark(dataset: pydicom.Dataset, tag: str) -> str:
    """What tells slices apart where they lie at one place: nothing to refuse a file for when it is written oddly."""
    try:
        return text_of(dataset.get(tag))
    except Exception:  # values that are no numbers make pydicom raise nearly anything
        return ""


def text_of(value: Any) -> str:
    """A tag's value as DICOM writes it; "" where there is none."""
    if value is None:
        return ""
    return "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)


def _frames(dataset: pydicom.Dataset, path: Path) -> int:
    value = dataset.get("NumberOfFrames")
    frames = 1 if value is None else int(value)
    if frames < 1:
        raise DicomError(f"NumberOfFrames is at least 1, but {path} has {frames}; correct the header")
    if int(dataset.get("InConcatenationTotalNumber") or 1) > 1:
        parts = f"one of {dataset.InConcatenationTotalNumber} parts of an object"
        raise NoImageError(path, parts, "put them together into one file", unread_image=not _localizer(dataset))
    return frames


def _frames_are_placed(dataset: pydicom.Dataset) -> bool:
    """Whether functional groups give the first frame a place in the patient."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    groups = [*dataset.SharedFunctionalGroupsSequence[:1], *per_frame[:1]]
    return any("PlanePositionSequence" in group for group in groups)


def slope_and_intercept(
    slope: tuple[float, ...] | None, intercept: tuple[float, ...] | None
) -> tuple[float, float] | None:
    """Both numbers of a rescaling; None where one is lacking."""
    return None if slope is None or intercept is None else (slope[0], intercept[0])


def numbers_of(dataset: pydicom.Dataset, tag: str, count: int, path: Path) -> tuple[float, ...] | None:
    """The numbers of a tag; None where it is absent or empty."""
    value: Any = dataset.get(tag)
    if value is None or value == "":
        return None
    numbers = tuple(float(number) for number in np.atleast_1d(np.asarray(value, dtype=float)))
    if not numbers:
        return None
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise DicomError(f"{tag} is {count} numbers, but {path} has {list(numbers)}; correct the header")
    return numbers


def _first(numbers: tuple[float, ...] | None) -> float | None:
    return None if numbers is None else numbers[0]
