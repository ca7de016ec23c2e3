"""The facts of one DICOM image that decide how it is read, and the errors of files that are not read."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
NO_SERIES_UID = "no-series-uid"
# tags that can distinguish slices at one position, the most distinctive first
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
    """A file that is not read as an image. A folder of slices may hold such files.

    Args:
        message: the whole message.
        what: kind of the file, for lists of skipped files.
        unread_image: whether the file is an image of an unsupported form.
    """

    def __init__(self, message: str, what: str = "", unread_image: bool = False) -> None:
        super().__init__(message)
        self.what = what
        self.unread_image = unread_image


class Kind(Enum):
    """The content of a file."""

    SLICE = "a slice of a volume"
    ENHANCED = "a volume of frames with their own positions"
    PICTURE = "a picture"
    FRAMES = "a sequence of pictures"


@dataclass(frozen=True, slots=True)
class Header:
    """The facts of one file, or of one of its frames.

    Lengths are in mm. None or an empty text means that the file does not state the value. Thousands of headers stay in
    memory (`header_cache`), so this class has few and small values.

    Args:
        path: path of the file.
        kind: content of the file.
        series_uid: UID of the series; NO_SERIES_UID if the file has none.
        study_uid, frame_of_reference, sop_class, sop_instance: UIDs of the file.
        modality: CT, MR or PET by the class of the file, otherwise the Modality that it states.
        localizer: whether it is a scout view.
        secondary_capture: whether it is a screenshot or a scan of a film.
        rows, columns, frames: size of the pixels.
        position, orientation, pixel_spacing, thickness, slice_spacing: geometry of a slice.
        rescale: slope and intercept.
        rescale_type: unit of the rescaled values.
        modality_table: whether a table gives the meaning of the values.
        marks: values of the tags in MARKS that the file has.
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
        """Whether the file states the meaning of its stored values."""
        return self.modality_table or self.rescale is not None

    def mark(self, tag: str) -> str:
        """The value of a tag in MARKS; "" if the file has none."""
        return self.marks.get(tag, "")


def is_dicom_name(path: Path) -> bool:
    """Whether a name has a usual ending of DICOM files."""
    return path.suffix.lower() in DICOM_SUFFIXES
