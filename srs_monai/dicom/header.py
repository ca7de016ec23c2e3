"""The facts of one DICOM image that decide how it is read, and the errors of files that are not read."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
NO_SERIES_UID = "no-series-uid"
# tags that can tell slices at one place apart, the most telling first
MARKS = (
    "StackID", "DiffusionBValue", "DiffusionGradientOrientation", "EchoNumbers", "EchoTime", "EffectiveEchoTime",
    "TemporalPositionIdentifier", "TemporalPositionIndex", "TriggerTime", "NominalCardiacTriggerDelayTime",
    "NominalPercentageOfCardiacPhase", "AcquisitionNumber", "FrameAcquisitionNumber", "InversionTime", "FlipAngle",
    "KVP", "ConvolutionKernel", "ImageType", "FrameType", "AcquisitionTime", "AcquisitionDateTime",
    "FrameAcquisitionDateTime", "FrameReferenceTime", "ContentTime",
)  # fmt: skip


class DicomError(ValueError):
    """DICOM input that cannot be read correctly: the rule, the value met, and the way out."""


class NoImageError(DicomError):
    """A file that is not read as an image; a folder of slices may hold it all the same.

    Args:
        message: the whole sentence.
        what: what the file is instead, for lists of skipped files.
        unread_image: whether it is an image, but of a form that is not read.
    """

    def __init__(self, message: str, what: str = "", unread_image: bool = False) -> None:
        super().__init__(message)
        self.what = what
        self.unread_image = unread_image


class Kind(Enum):
    """What one file holds."""

    SLICE = "a slice of a volume"
    ENHANCED = "a volume in frames that have places of their own"
    PICTURE = "a picture"
    FRAMES = "a sequence of pictures"


@dataclass(frozen=True, slots=True)
class Header:
    """The facts of one file, or of one of its frames.

    Lengths are in mm. None, or an empty text, means that the file does not say. Thousands of headers stay in memory
    (`header_cache`), so this holds few and small values.

    Args:
        path: of the file.
        kind: what the file holds.
        series_uid: NO_SERIES_UID where the file has none.
        study_uid, frame_of_reference, sop_class, sop_instance: UIDs of the file.
        modality: of its class where that is CT, MR or PET, otherwise as the file says.
        localizer: whether it is a scout view.
        secondary_capture: whether it is a screenshot or a scan of a film.
        rows, columns, frames: size of the pixels.
        position, orientation, pixel_spacing, thickness, slice_spacing: place of a slice.
        rescale: slope and intercept.
        rescale_type: unit of the rescaled values.
        modality_table: whether a table gives the meaning of the values.
        marks: values of those of MARKS that the file has.
        frame: number of the frame in the file, counted from 0.
    """

    path: Path
    kind: Kind
    series_uid: str
    study_uid: str
    frame_of_reference: str
    sop_class: str
    sop_instance: str
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

    def mark(self, tag: str) -> str:
        """The value of one of MARKS; "" where the file has none."""
        return self.marks.get(tag, "")


def is_dicom_name(path: Path) -> bool:
    """Whether a name ends as DICOM files often do."""
    return path.suffix.lower() in DICOM_SUFFIXES
