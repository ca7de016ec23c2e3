"""Input of every kind that a hospital's archive holds, by name, with the truth it was made from."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
from dicom_files import AXIAL, PIXEL_SPACING, Series, write_picture, write_series
from dicom_judge import Field, Given, Picture, Volume
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import (
    BasicTextSRStorage,
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    MediaStorageDirectoryStorage,
    PositronEmissionTomographyImageStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

Edit = Callable[[Dataset, int], None]
CASES: dict[str, dict[str, Callable[[Path, Path], Given]]] = {}
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel().tolist())
EVEN = tuple(np.arange(8) * 2.5)
_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def case(section: str, name: str) -> Callable[[Callable[[Path, Path], Given]], Callable[[Path, Path], Given]]:
    """Enter a function of (an empty folder, the folder of real images) under its name."""

    def enter(make: Callable[[Path, Path], Given]) -> Callable[[Path, Path], Given]:
        if name in CASES.setdefault(section, {}):
            raise ValueError(f"a case has a name of its own, but {name!r} is there twice; change one")
        CASES[section][name] = make
        return make

    return enter


def truth_of(
    series: Series,
    values: NDArray[Any] | None = None,
    pixel_spacing: Sequence[float] = PIXEL_SPACING,
    field: Field | None = None,
    tolerance: float = 1e-3,
) -> Volume:
    """The truth of a written series: its stored values less 1024, or the values given, where the slices lie."""
    return Volume(
        np.asarray(series.stored - 1024.0 if values is None else values, dtype=float),
        np.stack([slice_affine(position, series.orientation, pixel_spacing) for position in series.positions]),
        field,
        tolerance,
    )


def slice_affine(
    position: Sequence[float], orientation: Sequence[float], pixel_spacing: Sequence[float]
) -> NDArray[np.float64]:
    """DICOM's equation: (column, row, 0) to the patient, in RAS."""
    across, down = np.reshape(orientation, (2, 3))
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = across * pixel_spacing[1], down * pixel_spacing[0]
    affine[:3, 2], affine[:3, 3] = np.cross(across, down), position
    return _TO_RAS @ affine


def set_tags(**tags: Any) -> Edit:
    """An edit that gives every slice the same tags; None takes one away."""

    def edit(dataset: Dataset, i: int) -> None:
        for tag, value in tags.items():
            if value is None:
                delattr(dataset, tag)
            else:
                setattr(dataset, tag, value)

    return edit


def on_slice(number: int, edit: Edit) -> Edit:
    """An edit of one slice alone."""
    return lambda dataset, i: edit(dataset, i) if i == number else None


def in_turn(*edits: Edit) -> Edit:
    """Several edits, one after the other."""

    def edit(dataset: Dataset, i: int) -> None:
        for one in edits:
            one(dataset, i)

    return edit


def number_slices(numbers: Sequence[int | None]) -> Edit:
    """InstanceNumbers slice by slice; None: without one."""

    def edit(dataset: Dataset, i: int) -> None:
        if numbers[i] is None:
            del dataset.InstanceNumber
        else:
            dataset.InstanceNumber = numbers[i]

    return edit


IN_ORDER = number_slices(range(1, 9))
SCRAMBLED = (3, 7, 1, 8, 5, 2, 6, 4)


def stored_field(
    along: Sequence[float], aside: float | Sequence[float], size: tuple[int, int] = (12, 16)
) -> tuple[NDArray[np.int16], Field]:
    """Values that are linear in the patient, so that linear interpolation is exact, in hundredths of a HU."""

    def field(places: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(places @ np.array([3.1, -2.3, 1.7]) - 80)

    drift = np.multiply(along, aside) if isinstance(aside, float) else np.asarray(aside)
    rows, columns = np.indices(size)
    stored = []
    for height, down in zip(along, drift, strict=True):
        affine = slice_affine([-11, 22 + down, 33 + height], AXIAL, PIXEL_SPACING)
        places = np.stack([columns, rows, 0 * rows, 0 * rows + 1], axis=-1) @ affine.T
        stored.append(np.round(100 * field(places[..., :3])))
    return np.array(stored, dtype=np.int16), field


def written_field(folder: Path, along: Sequence[float], aside: float | Sequence[float] = 0.0) -> tuple[Series, Volume]:
    """A series whose values are linear in the patient, and its truth."""
    stored, field = stored_field(along, aside)
    hundredths = set_tags(RescaleSlope="0.01", RescaleIntercept="0")
    numbered = number_slices(range(1, len(along) + 1))
    series = write_series(
        folder, along=along, aside=aside, stored=stored, size=stored.shape[1:], edit=in_turn(hundredths, numbered)
    )
    return series, truth_of(series, stored / 100, field=field, tolerance=0.02)


def plain(folder: Path, edit: Edit | None = None, **options: Any) -> Given:
    """An ordinary series in its own order, edited, whose truth is unchanged."""
    series = write_series(folder, edit=in_turn(IN_ORDER, edit) if edit else IN_ORDER, **({"along": EVEN} | options))
    return Given(folder, [truth_of(series)])


def unknowable(folder: Path, unknown: str, edit: Edit, **options: Any) -> Given:
    """A series that lacks what its truth hangs on."""
    plain(folder, edit, **options)
    return Given(folder, unknown=unknown)


# order and place --------------------------------------------------------------------------------------------------

_PLACES = "Order and place"


@case(_PLACES, "axial CT, numbered upwards")
def _(folder: Path, real: Path) -> Given:
    return plain(folder)


@case(_PLACES, "sagittal")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, orientation=SAGITTAL)


@case(_PLACES, "coronal")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, orientation=CORONAL)


@case(_PLACES, "oblique")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, orientation=OBLIQUE)


@case(_PLACES, "feet first, prone")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, orientation=(1, 0, 0, 0, -1, 0))


@case(_PLACES, "lying on the side")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, orientation=(0, -1, 0, 1, 0, 0))


@case(_PLACES, "directions as DS longer than 16 characters")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, orientation=OBLIQUE, edit=IN_ORDER)
    for path, position in zip(series.files, series.positions, strict=True):
        lengthen(path, {(0x20, 0x37): OBLIQUE, (0x20, 0x32): position})
    return Given(folder, [truth_of(series)])


def lengthen(path: Path, tags: dict[tuple[int, int], Sequence[float]]) -> None:
    """Write decimal strings with 20 decimals, which no library agrees to write."""
    content = path.read_bytes()
    for (group, element), values in tags.items():
        start = content.index(group.to_bytes(2, "little") + element.to_bytes(2, "little") + b"DS")
        length = int.from_bytes(content[start + 6 : start + 8], "little")
        text = "\\".join(f"{value:.20f}" for value in values).encode()
        text += b" " * (len(text) % 2)
        content = content[: start + 6] + len(text).to_bytes(2, "little") + text + content[start + 8 + length :]
    path.write_bytes(content)


@case(_PLACES, "InstanceNumber counts downwards")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, number_slices(range(8, 0, -1)))


@case(_PLACES, "InstanceNumber not spatial")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, number_slices(SCRAMBLED))


@case(_PLACES, "InstanceNumber the same everywhere")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, set_tags(InstanceNumber=1))


@case(_PLACES, "InstanceNumber missing on one slice")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, number_slices([1, 2, None, 4, 5, 6, 7, 8]))


@case(_PLACES, "InstanceNumber missing")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, set_tags(InstanceNumber=None))


@case(_PLACES, "SliceThickness is not the spacing, SpacingBetweenSlices is negative")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, set_tags(SliceThickness=5, SpacingBetweenSlices=-3))


@case(_PLACES, "positions written in tenths of a mm")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=np.arange(8) * 0.625, edit=IN_ORDER)
    truth = truth_of(series)
    for path, height in zip(series.files, series.positions[:, 2], strict=True):
        dataset = pydicom.dcmread(path)
        dataset.ImagePositionPatient[2] = f"{height:.1f}"
        dataset.save_as(path)
    rounded = truth.affines.copy()
    heights = rounded[:, 2, 3].round(1)
    rounded[:, 2, 3] = np.linspace(heights[0], heights[-1], 8)
    return Given(folder, [Volume(truth.values, rounded)])


@case(_PLACES, "missing slice")
def _(folder: Path, real: Path) -> Given:
    _, truth = written_field(folder, [0, 2.5, 5, 10, 12.5, 15])
    return Given(folder, [truth])


@case(_PLACES, "missing slice, `resample_uneven=True`")
def _(folder: Path, real: Path) -> Given:
    _, truth = written_field(folder, [0, 2.5, 5, 10, 12.5, 15])
    return Given(folder, [truth], to_be_said=True, options=(("resample_uneven", True),))


@case(_PLACES, "uneven spacing")
def _(folder: Path, real: Path) -> Given:
    _, truth = written_field(folder, [0, 2.5, 5, 8.2, 10.7, 13.2])
    return Given(folder, [truth])


@case(_PLACES, "uneven spacing, `resample_uneven=True`")
def _(folder: Path, real: Path) -> Given:
    _, truth = written_field(folder, [0, 2.5, 5, 8.2, 10.7, 13.2])
    return Given(folder, [truth], to_be_said=True, options=(("resample_uneven", True),))


@case(_PLACES, "doubled slice, with other values")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=[0, 2.5, 5, 5, 7.5, 10], edit=number_slices(range(1, 7)))
    truth = truth_of(series)
    either = [Volume(np.delete(truth.values, i, 0), np.delete(truth.affines, i, 0)) for i in (2, 3)]
    return Given(folder, either, to_be_said=True)


@case(_PLACES, "gantry tilt of 15 degrees")
def _(folder: Path, real: Path) -> Given:
    _, truth = written_field(folder, EVEN, aside=float(np.tan(np.radians(15))))
    return Given(folder, [truth])


@case(_PLACES, "gantry tilt that changes on the way")
def _(folder: Path, real: Path) -> Given:
    _, truth = written_field(folder, EVEN, aside=[0, 0.5, 1, 1.5, 2.5, 3.5, 4.5, 5.5])
    return Given(folder, [truth])


@case(_PLACES, "no ImagePositionPatient")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "origin, spacing of slices", set_tags(ImagePositionPatient=None))


@case(_PLACES, "no ImagePositionPatient on one slice")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "places of slices", on_slice(3, set_tags(ImagePositionPatient=None)))


@case(_PLACES, "no ImageOrientationPatient")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "directions", set_tags(ImageOrientationPatient=None))


@case(_PLACES, "no PixelSpacing")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "spacing in plane", set_tags(PixelSpacing=None))


@case(_PLACES, "PixelSpacing 0")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "spacing in plane", set_tags(PixelSpacing=[0, 0]))


@case(_PLACES, "PixelSpacing differs from slice to slice")
def _(folder: Path, real: Path) -> Given:
    def edit(dataset: Dataset, i: int) -> None:
        dataset.PixelSpacing = [0.8 + i / 100, 0.6 + i / 100]

    return unknowable(folder, "spacing in plane", edit)


@case(_PLACES, "directions that are no unit vectors")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "directions", set_tags(ImageOrientationPatient=[1, 0, 0, 0, 0.5, 0.5]))


@case(_PLACES, "slices in two frames of reference")
def _(folder: Path, real: Path) -> Given:
    def edit(dataset: Dataset, i: int) -> None:
        dataset.FrameOfReferenceUID = "1.2.3" if i < 4 else "1.2.4"

    return unknowable(folder, "places of slices", edit)


@case(_PLACES, "one slice, its folder named")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, along=[4.0])


@case(_PLACES, "one slice, its file named")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=[4.0])
    return Given(series.files[0], [truth_of(series)])


@case(_PLACES, "a list of slice files")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    return Given(series.files[::-1], [truth_of(series)])


# folders ----------------------------------------------------------------------------------------------------------

_FOLDERS = "Folders"


@case(_FOLDERS, "two series of different length")
def _(folder: Path, real: Path) -> Given:
    series = [write_series(folder, along=EVEN[:count], edit=IN_ORDER) for count in (8, 5)]
    return Given(folder, [truth_of(one) for one in series], to_be_said=True)


@case(_FOLDERS, "two series of the same length")
def _(folder: Path, real: Path) -> Given:
    series = [write_series(folder, along=EVEN, edit=IN_ORDER) for _ in range(2)]
    return Given(folder, [truth_of(one) for one in series], to_be_said=True)


@case(_FOLDERS, "one of two series, named by its UID")
def _(folder: Path, real: Path) -> Given:
    series = [write_series(folder, along=EVEN, edit=IN_ORDER) for _ in range(2)]
    return Given(folder / series[1].uid, [truth_of(series[1])])


@case(_FOLDERS, "two acquisitions in one series, the slices of one between those of the other")
def _(folder: Path, real: Path) -> Given:
    def edit(dataset: Dataset, i: int) -> None:
        dataset.AcquisitionNumber, dataset.InstanceNumber = i % 2 + 1, i + 1

    truth = truth_of(write_series(folder, along=[0, 1, 2.5, 3.5, 5, 6, 7.5, 8.5], edit=edit))
    return Given(folder, [Volume(truth.values[i::2], truth.affines[i::2]) for i in (0, 1)], to_be_said=True)


@case(_FOLDERS, "two reconstructions in one series, the slices of one midway between those of the other")
def _(folder: Path, real: Path) -> Given:
    def edit(dataset: Dataset, i: int) -> None:
        dataset.ConvolutionKernel, dataset.InstanceNumber = ("B30f", "B70f")[i % 2], i + 1

    truth = truth_of(write_series(folder, along=EVEN, edit=edit))
    return Given(folder, [Volume(truth.values[i::2], truth.affines[i::2]) for i in (0, 1)], to_be_said=True)


@case(_FOLDERS, "two phases at the same positions in one series")
def _(folder: Path, real: Path) -> Given:
    both = np.repeat(EVEN[:4], 2)

    def edit(dataset: Dataset, i: int) -> None:
        dataset.AcquisitionNumber, dataset.InstanceNumber = i % 2 + 1, i // 2 + 1 + 4 * (i % 2)

    truth = truth_of(write_series(folder, along=both, edit=edit))
    phases = [Volume(truth.values[i::2], truth.affines[i::2]) for i in (0, 1)]
    return Given(folder, phases, to_be_said=True)


@case(_FOLDERS, "two directions in one series")
def _(folder: Path, real: Path) -> Given:
    axial = write_series(folder, along=EVEN, edit=IN_ORDER, uid="1.2.3.4.5.6")
    coronal = write_series(
        folder, along=EVEN[:4], orientation=CORONAL, edit=number_slices(range(9, 13)), uid="1.2.3.4.5.7"
    )
    same_series(coronal, axial)
    return Given(folder, [truth_of(axial), truth_of(coronal)], to_be_said=True)


def same_series(series: Series, other: Series) -> None:
    """Rewrite files as if they belonged to another series."""
    frame_of_reference = pydicom.dcmread(other.files[0]).FrameOfReferenceUID
    for path in series.files:
        dataset = pydicom.dcmread(path)
        dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = other.uid, frame_of_reference
        dataset.save_as(path)


@case(_FOLDERS, "a localizer of another size in the series")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    localizer = write_series(
        folder,
        along=[0],
        orientation=CORONAL,
        size=(9, 11),
        edit=set_tags(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], InstanceNumber=0),
        uid="1.2.3.4.5.7",
    )
    same_series(localizer, series)
    return Given(folder, [truth_of(series)], to_be_said=True)


@case(_FOLDERS, "a coronal localizer of the same size in the series")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    localizer = write_series(
        folder,
        along=[0],
        orientation=CORONAL,
        edit=set_tags(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], InstanceNumber=0),
        uid="1.2.3.4.5.7",
    )
    same_series(localizer, series)
    return Given(folder, [truth_of(series)], to_be_said=True)


@case(_FOLDERS, "a report beside the slices")
def _(folder: Path, real: Path) -> Given:
    given = plain(folder)
    write_report(folder / "report")
    return given


def write_report(path: Path) -> None:
    """A structured report: DICOM without pixels."""
    dataset = Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = BasicTextSRStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.3.4.5.6.7"
    dataset.Modality, dataset.SeriesInstanceUID, dataset.InstanceNumber = "SR", "1.2.3.4.5.6.8", 1
    dataset.save_as(path, enforce_file_format=True)


@case(_FOLDERS, "a text file, a hidden file and an empty DICOMDIR beside the slices")
def _(folder: Path, real: Path) -> Given:
    given = plain(folder)
    (folder / "notes.txt").write_text("exported on Friday")
    (folder / "._IM000").write_bytes(b"\0\5\x16\7" + bytes(200))
    (folder / "DICOMDIR").write_bytes(b"")
    return given


@case(_FOLDERS, "a colour screenshot in the series")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    write_picture(
        folder / "screenshot",
        np.full((5, 7, 3), 99, np.uint8),
        SecondaryCaptureImageStorage,
        "CT",
        SeriesInstanceUID=series.uid,
        InstanceNumber=99,
    )
    return Given(folder, [truth_of(series)], to_be_said=True)


@case(_FOLDERS, "an ultrasound picture in the folder of a CT")
def _(folder: Path, real: Path) -> Given:
    given = plain(folder, uid="1.2.3.4.5.2")  # ITK takes the first UID
    tags = {"InstanceNumber": 1, "SeriesInstanceUID": "1.2.3.4.5.1"}
    write_picture(folder / "us", np.zeros((5, 7), np.uint8), UltrasoundImageStorage, "US", **tags)
    return Given(folder, given.truths, to_be_said=True)


@case(_FOLDERS, "a sub-folder beside the slices")
def _(folder: Path, real: Path) -> Given:
    given = plain(folder)
    write_series(folder / "other", along=EVEN[:3])
    return given


@case(_FOLDERS, "slices in sub-folders only")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder / "series", along=EVEN, edit=IN_ORDER)
    return Given(folder, [truth_of(series)])


@case(_FOLDERS, "a series whose halves lie in two sub-folders, one half named")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder / "a", along=EVEN, edit=IN_ORDER)
    (folder / "b").mkdir()
    for path in series.files[4:]:
        shutil.move(path, folder / "b")
    truth = truth_of(series)
    return Given(folder / "a", [Volume(truth.values[:4], truth.affines[:4])])


@case(_FOLDERS, "no DICOM at all")
def _(folder: Path, real: Path) -> Given:
    (folder / "notes.txt").write_text("exported on Friday")
    return Given(folder, unknown="everything")


@case(_FOLDERS, "a slice cut off within its pixels")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    series.files[3].write_bytes(series.files[3].read_bytes()[:-20])
    return Given(folder, [truth_of(series)])


@case(_FOLDERS, "a slice cut off within its header")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    series.files[3].write_bytes(series.files[3].read_bytes()[:400])
    return Given(folder, [truth_of(series)])


@case(_FOLDERS, "the last slice an empty file")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    series.files[7].write_bytes(b"")
    return Given(folder, [truth_of(series)], to_be_said=True)


@case(_FOLDERS, "the last slice overwritten with zeros")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    series.files[7].write_bytes(bytes(1000))
    return Given(folder, [truth_of(series)])


@case(_FOLDERS, "the last slice without preamble and file meta")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    bare(series.files[7])
    return Given(folder, [truth_of(series)])


def bare(path: Path) -> None:
    """Rewrite a file as the data set alone, in implicit VR, as old archives do."""
    pydicom.dcmwrite(path, fresh(pydicom.dcmread(path), keep_meta=False), implicit_vr=True, little_endian=True)


@case(_FOLDERS, "one slice of another size")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN[:7], edit=IN_ORDER)
    other = write_series(folder, along=[0], size=(6, 6), edit=set_tags(InstanceNumber=99), uid="1.2.3.4.5.7")
    same_series(other, series)
    return Given(folder, [truth_of(series)], to_be_said=True)


@case(_FOLDERS, "the same file twice")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    shutil.copy(series.files[4], folder / "copy")
    return Given(folder, [truth_of(series)])


@case(_FOLDERS, "one SOPInstanceUID for all slices")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, set_tags(SOPInstanceUID="1.2.3.4.5.6.7"))


@case(_FOLDERS, "slices as a CD has them, its DICOMDIR named")
def _(folder: Path, real: Path) -> Given:
    return _on_cd(folder, lambda root: root / "DICOMDIR")


@case(_FOLDERS, "slices as a CD has them, the innermost folder named")
def _(folder: Path, real: Path) -> Given:
    return _on_cd(folder, lambda root: max(root.rglob("*/"), key=lambda path: len(path.parts)))


def _on_cd(folder: Path, name: Callable[[Path], Path]) -> Given:
    """A series on a medium with a DICOMDIR."""
    series = write_series(folder / "PT000000" / "ST000000" / "SE000000", along=EVEN, edit=IN_ORDER)
    records = []
    for path in series.files:
        record = Dataset()
        record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", list(path.relative_to(folder).parts)
        records.append(record)
    dataset = Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4.5.6.9"
    dataset.DirectoryRecordSequence = records
    dataset.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return Given(name(folder), [truth_of(series)])


@case(_FOLDERS, "no SeriesInstanceUID")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, set_tags(SeriesInstanceUID=None))


@case(_FOLDERS, "spaces and letters of other alphabets in the path")
def _(folder: Path, real: Path) -> Given:
    return plain(folder / "Müller, 漢字 (2)" / "serie é")


# values -----------------------------------------------------------------------------------------------------------

_VALUES = "Values"


@case(_VALUES, "RescaleSlope differs from slice to slice (CT)")
def _(folder: Path, real: Path) -> Given:
    slopes = 1 + np.arange(8) / 4

    def edit(dataset: Dataset, i: int) -> None:
        dataset.RescaleSlope = f"{slopes[i]}"

    series = write_series(folder, along=EVEN, edit=in_turn(IN_ORDER, edit))
    return Given(folder, [truth_of(series, series.stored * slopes[:, None, None] - 1024)])


@case(_VALUES, "RescaleSlope differs from slice to slice (PET)")
def _(folder: Path, real: Path) -> Given:
    slopes = 0.5 + np.arange(8) / 8

    def edit(dataset: Dataset, i: int) -> None:
        dataset.SOPClassUID = PositronEmissionTomographyImageStorage
        dataset.file_meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
        dataset.Modality, dataset.Units, dataset.InstanceNumber = "PT", "BQML", i + 1
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{slopes[i]}", "0"

    series = write_series(folder, along=EVEN, modality="PT", edit=edit)
    return Given(folder, [truth_of(series, series.stored * slopes[:, None, None])])


@case(_VALUES, "MR without rescale tags")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, modality="MR", edit=IN_ORDER)
    return Given(folder, [truth_of(series, series.stored)])


@case(_VALUES, "no RescaleSlope (CT)")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "values", set_tags(RescaleSlope=None, RescaleIntercept=None))


@case(_VALUES, "no RescaleSlope and no Modality, the class says CT")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "values", set_tags(RescaleSlope=None, RescaleIntercept=None, Modality=None))


@case(_VALUES, "effective atomic numbers of a spectral CT (RescaleType Z_EFF)")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "values for HU", set_tags(RescaleType="Z_EFF"))


@case(_VALUES, "values of a CT in a modality table")
def _(folder: Path, real: Path) -> Given:
    def edit(dataset: Dataset, i: int) -> None:
        del dataset.RescaleSlope, dataset.RescaleIntercept
        table = Dataset()
        table.LUTDescriptor, table.ModalityLUTType = [2000, 0, 16], "HU"
        table.add_new("LUTData", "OW", (3 * np.arange(2000)).astype("<u2").tobytes())
        dataset.ModalityLUTSequence = [table]

    series = write_series(folder, along=EVEN, edit=in_turn(IN_ORDER, edit))
    return Given(folder, [truth_of(series, 3.0 * series.stored)])


@case(_VALUES, "MONOCHROME1 CT")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, set_tags(PhotometricInterpretation="MONOCHROME1"))


@case(_VALUES, "MONOCHROME1 MR, 12 bits")
def _(folder: Path, real: Path) -> Given:
    edit = set_tags(PhotometricInterpretation="MONOCHROME1", PixelRepresentation=0, BitsStored=12, HighBit=11)
    series = write_series(folder, along=EVEN, modality="MR", edit=in_turn(IN_ORDER, edit))
    return Given(folder, [truth_of(series, 4095.0 - series.stored)])


def padded(folder: Path, value: int) -> Given:
    """A series with a row of padding in each slice."""
    stored = np.random.default_rng(8).integers(0, 2000, (8, 5, 7)).astype(np.int16)
    stored[:, 0] = value
    series = write_series(
        folder,
        along=EVEN,
        stored=stored,
        edit=in_turn(IN_ORDER, lambda dataset, i: dataset.add_new("PixelPaddingValue", "SS", value)),
    )
    return Given(folder, [truth_of(series, np.where(stored == value, np.nan, stored - 1024.0))])


@case(_VALUES, "PixelPaddingValue below air")
def _(folder: Path, real: Path) -> Given:
    return padded(folder, -2000)


@case(_VALUES, "PixelPaddingValue above all tissue")
def _(folder: Path, real: Path) -> Given:
    return padded(folder, 32767)


def in_bits(folder: Path, dtype: type, bits: int, junk: int = 0) -> Given:
    """A series with `bits` of the type's bits stored, and junk in those above."""
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if np.issubdtype(dtype, np.signedinteger) else (0, 2**bits)
    meant = np.random.default_rng(bits).integers(max(low, -(2**20)), min(high, 2**20), (8, 5, 7))
    written = (meant & (2**bits - 1)) | (junk << bits) if junk else meant
    unsigned = np.dtype(f"u{np.dtype(dtype).itemsize}")
    stored = (written & (2 ** (8 * unsigned.itemsize) - 1)).astype(unsigned).view(dtype)
    edit = set_tags(BitsStored=bits, HighBit=bits - 1, RescaleSlope=1, RescaleIntercept=-1024)
    series = write_series(folder, along=EVEN, stored=stored, edit=in_turn(IN_ORDER, edit))
    return Given(folder, [truth_of(series, meant - 1024.0)])


@case(_VALUES, "12 of 16 bits with junk above")
def _(folder: Path, real: Path) -> Given:
    return in_bits(folder, np.uint16, 12, junk=0b0101)


@case(_VALUES, "12 of 16 bits, signed, without sign in the bits above")
def _(folder: Path, real: Path) -> Given:
    series = in_bits(folder, np.int16, 12)
    for path in sorted(folder.iterdir()):
        dataset = pydicom.dcmread(path)
        masked = np.frombuffer(dataset.PixelData, np.uint16) & 0x0FFF
        dataset.PixelData = masked.tobytes()
        dataset.save_as(path)
    return series


@case(_VALUES, "12 of 16 bits, in the high ones (HighBit 15)")
def _(folder: Path, real: Path) -> Given:
    meant = np.random.default_rng(12).integers(0, 4096, (8, 5, 7))
    edit = set_tags(BitsStored=12, HighBit=15)
    series = write_series(folder, along=EVEN, stored=(meant << 4).astype(np.uint16), edit=in_turn(IN_ORDER, edit))
    return Given(folder, [truth_of(series, meant - 1024.0)])


@case(_VALUES, "Rows too few for the pixels")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "size", set_tags(Rows=4))


@case(_VALUES, "Columns too few for the pixels")
def _(folder: Path, real: Path) -> Given:
    return unknowable(folder, "values", set_tags(Columns=6))


@case(_VALUES, "float pixels")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, as_float)


def as_float(dataset: Dataset, i: int) -> None:
    """An edit that writes the pixels as floats."""
    values = np.frombuffer(dataset.PixelData, np.int16).astype(np.float32)
    for tag in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, tag)
    dataset.FloatPixelData, dataset.BitsAllocated = values.tobytes(), 32


@case(_VALUES, "10 of 16 bits")
def _(folder: Path, real: Path) -> Given:
    return in_bits(folder, np.uint16, 10)


@case(_VALUES, "8 bits, signed")
def _(folder: Path, real: Path) -> Given:
    return in_bits(folder, np.int8, 8)


@case(_VALUES, "32 bits")
def _(folder: Path, real: Path) -> Given:
    return in_bits(folder, np.uint32, 32)


@case(_VALUES, "slices of 1 x 1 pixels")
def _(folder: Path, real: Path) -> Given:
    return plain(folder, size=(1, 1))


def in_syntax(folder: Path, syntax: str) -> Given:
    """A series in another transfer syntax."""
    given = plain(folder)
    for path in sorted(folder.iterdir()):
        dataset = pydicom.dcmread(path)
        if syntax == RLELossless:
            dataset.compress(syntax, generate_instance_uid=False)
            dataset.save_as(path)
            continue
        if syntax == ExplicitVRBigEndian:
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
        dataset.file_meta.TransferSyntaxUID = syntax
        implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
        pydicom.dcmwrite(path, fresh(dataset), implicit_vr=implicit, little_endian=little, force_encoding=True)
    return given


def fresh(dataset: Dataset, keep_meta: bool = True) -> Dataset:
    """A copy that remembers no encoding; without file meta, it is written as the data set alone."""
    copy = Dataset()
    copy.update(dataset)
    if keep_meta:
        copy.file_meta = dataset.file_meta
        copy.preamble = bytes(128)
    return copy


@case(_VALUES, "implicit VR")
def _(folder: Path, real: Path) -> Given:
    return in_syntax(folder, ImplicitVRLittleEndian)


@case(_VALUES, "big endian")
def _(folder: Path, real: Path) -> Given:
    return in_syntax(folder, ExplicitVRBigEndian)


@case(_VALUES, "deflated")
def _(folder: Path, real: Path) -> Given:
    return in_syntax(folder, DeflatedExplicitVRLittleEndian)


@case(_VALUES, "slices of one series in three transfer syntaxes")
def _(folder: Path, real: Path) -> Given:
    series = write_series(folder, along=EVEN, edit=IN_ORDER)
    for path, syntax in zip(series.files, [RLELossless, JPEGLSLossless, None] * 3, strict=False):
        if syntax:
            dataset = pydicom.dcmread(path)
            dataset.compress(syntax, generate_instance_uid=False)
            dataset.save_as(path)
    return Given(folder, [truth_of(series)])


@case(_VALUES, "slices of one series in 16 and 32 bits")
def _(folder: Path, real: Path) -> Given:
    def edit(dataset: Dataset, i: int) -> None:
        if i % 2:
            dataset.PixelData = np.frombuffer(dataset.PixelData, np.int16).astype(np.int32).tobytes()
            dataset.BitsAllocated = dataset.BitsStored = 32
            dataset.HighBit = 31

    return plain(folder, edit)


@case(_VALUES, "RLE")
def _(folder: Path, real: Path) -> Given:
    return in_syntax(folder, RLELossless)


# enhanced objects -------------------------------------------------------------------------------------------------

_ENHANCED = "Many slices in one file"


def enhanced(folder: Path, along: Sequence[float] = EVEN, slope_step: float = 0.0) -> tuple[Volume, Path]:
    """An enhanced CT, made from a series whose slopes rise from slice to slice, and its truth."""
    slopes = 1 + np.arange(len(along)) * slope_step

    def edit(dataset: Dataset, i: int) -> None:
        dataset.RescaleSlope, dataset.InstanceNumber, dataset.AcquisitionNumber = f"{slopes[i]}", i + 1, 1

    series = write_series(folder / "series", along=along, orientation=OBLIQUE, edit=edit)
    image = hd.legacy.LegacyConvertedEnhancedCTImage(
        [pydicom.dcmread(path) for path in series.files],
        series_instance_uid=hd.UID(),
        series_number=2,
        sop_instance_uid=hd.UID(),
        instance_number=1,
    )
    image.save_as(folder / "enhanced.dcm")
    values = series.stored * slopes[:, None, None] - 1024
    return truth_of(series, values, tolerance=0.01), folder / "enhanced.dcm"


@case(_ENHANCED, "enhanced CT")
def _(folder: Path, real: Path) -> Given:
    truth, path = enhanced(folder)
    return Given(path, [truth])


@case(_ENHANCED, "enhanced CT, a RescaleSlope for each frame")
def _(folder: Path, real: Path) -> Given:
    truth, path = enhanced(folder, slope_step=0.25)
    return Given(path, [truth])


@case(_ENHANCED, "enhanced CT, frames in no order")
def _(folder: Path, real: Path) -> Given:
    truth, path = enhanced(folder)
    shuffle_frames(path)
    return Given(path, [truth])


def shuffle_frames(path: Path) -> None:
    """Give the frames of an object of eight slices, with their functional groups, another order."""
    dataset = pydicom.dcmread(path)
    order = [number - 1 for number in SCRAMBLED]
    groups = list(dataset.PerFrameFunctionalGroupsSequence)
    dataset.PerFrameFunctionalGroupsSequence = [groups[i] for i in order]
    dataset.PixelData = np.frombuffer(dataset.PixelData, np.int16).reshape(8, -1)[order].tobytes()
    dataset.save_as(path)


@case(_ENHANCED, "enhanced CT with a gap")
def _(folder: Path, real: Path) -> Given:
    truth, path = enhanced(folder, [0, 2.5, 5, 10, 12.5])
    return Given(path, [truth])


@case(_ENHANCED, "enhanced CT with a gap, `resample_uneven=True`")
def _(folder: Path, real: Path) -> Given:
    truth, path = enhanced(folder, [0, 2.5, 5, 10, 12.5])
    between = (truth.affines[2] + truth.affines[3]) / 2
    filled = Volume(
        np.insert(truth.values, 3, (truth.values[2] + truth.values[3]) / 2, axis=0),
        np.insert(truth.affines, 3, between, axis=0),
        tolerance=0.01,
    )
    return Given(path, [filled], to_be_said=True, options=(("resample_uneven", True),))


@case(_ENHANCED, "enhanced CT, a frame without a position")
def _(folder: Path, real: Path) -> Given:
    _, path = enhanced(folder)
    dataset = pydicom.dcmread(path)
    del dataset.PerFrameFunctionalGroupsSequence[3].PlanePositionSequence
    dataset.save_as(path)
    return Given(path, unknown="places of slices")


@case(_ENHANCED, "enhanced MR that lost its functional groups")
def _(folder: Path, real: Path) -> Given:
    return Given(real / "dicom/single/mr_enhanced_10frame.dcm", unknown="places of slices")


@case(_ENHANCED, "MR of 16 frames without places")
def _(folder: Path, real: Path) -> Given:
    return Given(real / "dicom/single/mr_multiframe16_8bit.dcm", unknown="places of slices")


# pictures ---------------------------------------------------------------------------------------------------------

_PICTURES = "Pictures"


def _written(path: Path, stored: NDArray[Any], values: NDArray[Any], tolerance: float = 1e-3, **tags: Any) -> Given:
    frames = "NumberOfFrames" in tags
    sop_class = UltrasoundMultiFrameImageStorage if frames else UltrasoundImageStorage
    write_picture(path, stored, sop_class, "US", **tags)
    return Given(path, [Picture(np.asarray(values, dtype=float), tolerance)])


def _noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)


@case(_PICTURES, "ultrasound, grey")
def _(folder: Path, real: Path) -> Given:
    stored = _noise(6, 8)
    return _written(folder / "us", stored, stored[None])


@case(_PICTURES, "ultrasound, RGB")
def _(folder: Path, real: Path) -> Given:
    stored = _noise(6, 8, 3)
    return _written(folder / "us", stored, stored.transpose(2, 0, 1))


@case(_PICTURES, "ultrasound, RGB in planes")
def _(folder: Path, real: Path) -> Given:
    stored = _noise(6, 8, 3)
    planes = stored.transpose(2, 0, 1).tobytes()
    return _written(folder / "us", stored, stored.transpose(2, 0, 1), PlanarConfiguration=1, PixelData=planes)


@case(_PICTURES, "ultrasound, YBR_FULL")
def _(folder: Path, real: Path) -> Given:
    rgb = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [90, 90, 90]]] * 2, dtype=np.uint8)
    stored = pydicom.pixels.convert_color_space(rgb, "RGB", "YBR_FULL")
    return _written(folder / "us", stored, rgb.transpose(2, 0, 1), tolerance=2, PhotometricInterpretation="YBR_FULL")


@case(_PICTURES, "ultrasound, palette colour")
def _(folder: Path, real: Path) -> Given:
    ramps = {"Red": [0, 255, 9], "Green": [7, 100, 30], "Blue": [50, 60, 255]}
    tags: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour, ramp in ramps.items():
        tags[f"{colour}PaletteColorLookupTableDescriptor"] = [3, 0, 16]
        tags[f"{colour}PaletteColorLookupTableData"] = (np.array(ramp, np.uint16) << 8).tobytes()
    stored = np.array([[0, 1, 2, 1], [2, 2, 0, 1]], dtype=np.uint8)
    return _written(folder / "us", stored, np.array(list(ramps.values()))[:, stored], **tags)


@case(_PICTURES, "ultrasound sequence, grey")
def _(folder: Path, real: Path) -> Given:
    frames = _noise(5, 6, 8)
    path = folder / "us"
    return _written(path, frames[0], frames.transpose(1, 2, 0)[None], NumberOfFrames=5, PixelData=frames.tobytes())


@case(_PICTURES, "ultrasound sequence, RGB")
def _(folder: Path, real: Path) -> Given:
    frames = _noise(5, 6, 8, 3)
    return _written(
        folder / "us", frames[0], frames.transpose(3, 1, 2, 0), NumberOfFrames=5, PixelData=frames.tobytes()
    )


@case(_PICTURES, "radiograph, MONOCHROME1")
def _(folder: Path, real: Path) -> Given:
    stored = _noise(6, 8)
    path = write_picture(
        folder / "cr",
        stored,
        ComputedRadiographyImageStorage,
        "CR",
        PhotometricInterpretation="MONOCHROME1",
        PixelSpacing=[0.2, 0.2],
    )
    return Given(path, [Picture(255.0 - stored[None])])


def _real_picture(path: Path) -> Given:
    """A real file; the truth is what pydicom and its decoders make of the pixels, in colour."""
    dataset = pydicom.dcmread(path)
    array = pydicom.pixels.pixel_array(dataset)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        array = pydicom.pixels.apply_color_lut(array, dataset) >> 8
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        array = 2**dataset.BitsStored - 1 - array.astype(int)
    if int(dataset.get("NumberOfFrames", 1)) > 1:
        array = np.moveaxis(array, 0, -1)
    colour = dataset.SamplesPerPixel == 3 or dataset.PhotometricInterpretation == "PALETTE COLOR"
    axes = np.moveaxis(array, 2, 0) if colour else array[None]
    return Given(path, [Picture(axes.astype(float), tolerance=2)])


_REAL_PICTURES = {
    "real ultrasound, RGB, big endian": "us_rgb_bigendian",
    "real ultrasound, RGB in planes": "us_rgb_planar1",
    "real ultrasound, YBR_FULL_422": "us_ybr_full_422_uncompressed",
    "real ultrasound, YBR_RCT, JPEG 2000": "us_ybr_rct_j2k_lossless",
    "real ultrasound, grey, JPEG-LS": "us_mono_jpegls",
    "real ultrasound, palette colour, RLE": "us_palette_rle",
    "real ultrasound, two frames, palette colour, RLE": "us_palette_rle_2frame",
    "real radiograph, MONOCHROME1, 10 bits": "cr_monochrome1",
    "real secondary capture, RGB, HTJ2K": "sc_rgb_htj2k_lossless",
    "real secondary capture, YBR_FULL, JPEG": "sc_ybr_full_jpegbaseline",
}
for _name, _file in _REAL_PICTURES.items():
    case(_PICTURES, _name)(lambda folder, real, file=_file: _real_picture(real / f"dicom/single/{file}.dcm"))


# real slices and series -------------------------------------------------------------------------------------------

_REAL = "Real slices and series"


def _as_nifti(path: Path) -> Volume:
    """A NIfTI twin, as slices along its last axis."""
    image = nib.load(path)
    affines = []
    for k in range(image.shape[2]):
        affine = image.affine.copy()
        affine[:3, 3] += k * affine[:3, 2]
        affines.append(affine)
    return Volume(np.asarray(image.dataobj, dtype=float).transpose(2, 1, 0), np.stack(affines))


def _real_slices(files: Sequence[Path], tolerance: float = 1e-3) -> Volume:
    """Real slices by pydicom and DICOM's own equations; padding of -3024 HU is unmeasured."""
    values, affines = [], []
    for dataset in map(pydicom.dcmread, files):
        hu = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        values.append(np.where(hu <= -3024, np.nan, hu))
        affines.append(
            slice_affine(dataset.ImagePositionPatient, dataset.ImageOrientationPatient, dataset.PixelSpacing)
        )
    return Volume(np.stack(values), np.stack(affines), tolerance=tolerance)


@case(_REAL, "abdominal CT of 41 slices")
def _(folder: Path, real: Path) -> Given:
    source = real / "dicom/ct_series_crlm1004"
    files = sorted(source.iterdir(), key=lambda path: pydicom.dcmread(path).ImagePositionPatient[2])
    return Given(source, [_real_slices(files)])


@case(_REAL, "chest CT of 60 slices, against its NIfTI twin")
def _(folder: Path, real: Path) -> Given:
    return Given(real / "dicom/ct_series_ibsi1", [_as_nifti(real / "ct_ibsi1/ibsi1_ct.nii.gz")])


@case(_REAL, "CT in JPEG 2000 with empty UIDs, against its NIfTI twin")
def _(folder: Path, real: Path) -> Given:
    twin = _as_nifti(real / "ct_abdomen/totalseg_dicom20_ct.nii.gz")
    return Given(real / "dicom/ct_series_totalseg_j2k", [twin])


_SYNTAXES = {
    "implicit VR": ("littleendianimplicit", 0),
    "big endian": ("bigendianexplicit", 0),
    "deflated": ("deflatedexplicitvrlittleendian", 0),
    "JPEG 2000 lossless": ("jpeg2000losslessonly", 0),
    "JPEG 2000 lossy": ("jpeg2000", 5),
    "JPEG-LS lossless": ("jpeglslossless", 0),
    "JPEG-LS near-lossless": ("jpeglslossy", 1),
    "JPEG lossless (process 14)": ("jpegprocess14", 0),
    "JPEG lossless, first order": ("jpegprocess14sv1", 0),
    "RLE": ("rlelossless", 0),
}


def _real_slice(real: Path, file: str, bound: float) -> Given:
    reference = real / "dicom/single/ct_chest_littleendianexplicit.dcm"
    return Given(real / f"dicom/single/ct_chest_{file}.dcm", [_real_slices([reference], tolerance=bound + 1e-3)])


for _name, (_file, _bound) in _SYNTAXES.items():
    case(_REAL, f"CT slice, {_name}")(lambda folder, real, file=_file, bound=_bound: _real_slice(real, file, bound))

_UNREADABLE = {
    "MR slice cut off within its pixels": ("bad_truncated_mr", "values"),
    "CT slice without preamble and file meta": ("bad_no_file_meta_ct", "values"),
    "structured report": ("bad_no_pixel_data_sr", "values"),
    "whole-slide image, in tiles": ("vl_wsi_tiny_rgb", "tiles for frames"),
}
for _name, (_file, _unknown) in _UNREADABLE.items():
    case(_REAL, _name)(
        lambda folder, real, file=_file, unknown=_unknown: Given(real / f"dicom/single/{file}.dcm", unknown=unknown)
    )


@case(_REAL, "folder of an RTSTRUCT")
def _(folder: Path, real: Path) -> Given:
    return Given(real / "dicom/ct_series_ibsi1_rtstruct", unknown="values")
