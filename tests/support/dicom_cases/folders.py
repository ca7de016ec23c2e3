"""What lies in a folder."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from dicom_files import Series, file_meta, write_picture, write_report, write_series
from dicom_judge import Given, Volume
from pydicom import Dataset
from pydicom.uid import MediaStorageDirectoryStorage, SecondaryCaptureImageStorage, UltrasoundImageStorage

from dicom_cases.case import CORONAL, EVEN, RIGHT, SAID, Make, part, refused, rewrite, section, series, truth_of
from dicom_cases.edits import IN_ORDER, set_tags, split
from dicom_cases.values import rewritten

_ROWS = b"\x28\0\x10\0US"  # as the tag begins in a file
_LOCALIZER: dict[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"],
    "InstanceNumber": 0,
    "along": [0],
    "orientation": CORONAL,
}


def _two_series(*counts: int, named: Callable[[Series], Path] | None = None) -> Make:
    """Two series in a folder; the second is named, or either is right."""

    def make(folder: Path, _: Path) -> Given:
        both = [write_series(folder, along=EVEN[:count], edit=IN_ORDER) for count in counts]
        if named is not None:
            return Given(named(both[1]), [truth_of(both[1])])
        return Given(folder, [truth_of(one) for one in both], to_be_said=True)

    return make


def _in_the_series(**tags_and_options: Any) -> Callable[[Series], Series]:
    """Further slices in a series that was written, for `after`; the arguments are those of `series`."""
    tags, options = split(tags_and_options)

    def write(one: Series) -> Series:
        frame_of_reference = pydicom.dcmread(one.files[0]).FrameOfReferenceUID
        edit = set_tags(SeriesInstanceUID=one.uid, FrameOfReferenceUID=frame_of_reference, **tags)
        return write_series(one.folder, edit=edit, uid="1.2.3.4.5.7", **options)

    return write


def _two_directions(folder: Path, _: Path) -> Given:
    axial = write_series(folder, along=EVEN, edit=IN_ORDER, uid="1.2.3.4.5.6")
    coronal = _in_the_series(InstanceNumber=lambda i: i + 9, along=EVEN[:4], orientation=CORONAL)(axial)
    return Given(folder, [truth_of(axial), truth_of(coronal)], to_be_said=True)


def _number_by_phase(dataset: Dataset, i: int) -> None:
    dataset.AcquisitionNumber, dataset.InstanceNumber = i % 2 + 1, i // 2 + 1 + 4 * (i % 2)


def _halves(truth: Volume) -> Sequence[Volume]:
    """Every other slice."""
    return [part(truth, slice(i, None, 2)) for i in (0, 1)]


def _add_clutter(one: Series) -> None:
    (one.folder / "notes.txt").write_text("exported on Friday")
    (one.folder / "._IM000").write_bytes(b"\0\5\x16\7" + bytes(200))
    (one.folder / "DICOMDIR").write_bytes(b"")


def _add_screenshot(one: Series) -> None:
    tags = {"SeriesInstanceUID": one.uid, "InstanceNumber": 99}
    write_picture(
        one.folder / "screenshot", np.full((5, 7, 3), 99, np.uint8), SecondaryCaptureImageStorage, "CT", **tags
    )


def _add_ultrasound(one: Series) -> None:
    tags = {"SeriesInstanceUID": "1.2.3.4.5.1", "InstanceNumber": 1}
    write_picture(one.folder / "us", np.zeros((5, 7), np.uint8), UltrasoundImageStorage, "US", **tags)


def _move_half(one: Series) -> None:
    (one.folder.parent / "b").mkdir()
    for path in one.files[4:]:
        shutil.move(path, one.folder.parent / "b")


def _as_data_set_alone(one: Series) -> None:
    """Write the last slice without preamble and file meta, in implicit VR, as old archives do."""
    dataset = rewritten(pydicom.dcmread(one.files[7]), keep_meta=False)
    pydicom.dcmwrite(one.files[7], dataset, implicit_vr=True, little_endian=True)


def _no_images(folder: Path, _: Path) -> Given:
    (folder / "notes.txt").write_text("exported on Friday")
    return Given(folder, unknown="everything")


def _on_cd(named: Callable[[Series], Path]) -> Make:
    """A series on a medium with a DICOMDIR."""

    def write_directory(one: Series) -> None:
        records = []
        for path in one.files:
            record = Dataset()
            record.DirectoryRecordType = "IMAGE"
            record.ReferencedFileID = list(path.relative_to(_root(one)).parts)
            records.append(record)
        dataset = Dataset()
        dataset.file_meta = file_meta(MediaStorageDirectoryStorage, "1.2.3.4.5.6.9")
        dataset.DirectoryRecordSequence = records
        dataset.save_as(_root(one) / "DICOMDIR", enforce_file_format=True)

    return series(below="PT000000/ST000000/SE000000", after=write_directory, named=named)


def _root(one: Series) -> Path:
    return one.folder.parents[2]


CASES = section(
    ("two series of different length", _two_series(8, 5), SAID),
    ("two series of the same length", _two_series(8, 8), refused("8 slices", "SERIES_UID")),
    ("one of two series, named by its UID", _two_series(8, 8, named=lambda one: one.folder / one.uid), RIGHT),
    ("two acquisitions in one series, the slices of one between those of the other",
     series(AcquisitionNumber=lambda i: i % 2 + 1, along=(0, 1, 2.5, 3.5, 5, 6, 7.5, 8.5), truths=_halves, said=True),
     refused("1.00 mm", "1.50 mm", "34.00", "35.50 mm")),
    ("two reconstructions in one series, the slices of one midway between those of the other",
     series(ConvolutionKernel=lambda i: ("B30f", "B70f")[i % 2], truths=_halves, said=True),
     refused("ConvolutionKernel", "B30f (4", "B70f (4")),
    ("two phases at the same positions in one series",
     series(_number_by_phase, along=np.repeat(EVEN[:4], 2), truths=_halves, said=True),
     refused("33.00 mm", "IM001", "IM003", "35.50 mm", "IM000", "IM007", "AcquisitionNumber")),
    ("two directions in one series", _two_directions, SAID),
    ("a localizer of another size in the series",
     series(after=_in_the_series(**_LOCALIZER, size=(9, 11)), said=True), SAID),
    ("a coronal localizer of the same size in the series", series(after=_in_the_series(**_LOCALIZER), said=True), SAID),
    ("a report beside the slices", series(after=lambda one: write_report(one.folder / "report")), SAID),
    ("a text file, a hidden file and an empty DICOMDIR beside the slices", series(after=_add_clutter), SAID),
    ("a colour screenshot in the series", series(after=_add_screenshot, said=True), SAID),
    ("an ultrasound picture in the folder of a CT",
     series(uid="1.2.3.4.5.2", after=_add_ultrasound, said=True), SAID),  # ITK takes the first UID
    ("a sub-folder beside the slices",
     series(after=lambda one: write_series(one.folder / "other", along=EVEN[:3])), SAID),
    ("slices in sub-folders only",
     series(below="series", named=lambda one: one.folder.parent), refused("series")),
    ("a series whose halves lie in two sub-folders, one half named",
     series(below="a", after=_move_half, truths=lambda truth: [part(truth, slice(4))]), RIGHT),
    ("no DICOM at all", _no_images, refused("notes.txt")),
    ("a slice cut off within its pixels", series(after=rewrite(3, lambda content: content[:-20])),
     refused("IM007", "50", "70")),
    ("a slice cut off within its header", series(after=rewrite(3, lambda content: content[:400])), refused("IM007")),
    ("a slice cut off before its size", series(after=rewrite(3, lambda content: content[: content.index(_ROWS)])),
     refused("IM007", "Rows")),
    ("the last slice an empty file", series(after=rewrite(7, lambda _: b""), said=True), refused("IM006")),
    ("the last slice overwritten with zeros", series(after=rewrite(7, lambda _: bytes(1000))), refused("IM006")),
    ("the last slice overwritten with a web page",
     series(after=rewrite(7, lambda _: b"<html>not found</html>")), refused("IM006")),
    ("the last slice without preamble and file meta", series(after=_as_data_set_alone), refused("IM006")),
    ("one slice of another size",
     series(along=EVEN[:7], after=_in_the_series(InstanceNumber=99, along=[0], size=(6, 6)), said=True), SAID),
    ("the same file twice",
     series(after=lambda one: shutil.copy(one.files[4], one.folder / "copy")), refused("43.00 mm", "IM002", "copy")),
    ("one SOPInstanceUID for all slices", series(SOPInstanceUID="1.2.3.4.5.6.7"), RIGHT),
    ("slices as a CD has them, its DICOMDIR named", _on_cd(lambda one: _root(one) / "DICOMDIR"), refused("DICOMDIR")),
    ("slices as a CD has them, the innermost folder named", _on_cd(lambda one: one.folder), RIGHT),
    ("no SeriesInstanceUID", series(SeriesInstanceUID=None), RIGHT),
    ("spaces and letters of other alphabets in the path", series(below="Müller, 漢字 (2)/serie é"), RIGHT),
)  # fmt: skip
