"""Many slices in one file: enhanced objects, read by their functional groups."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import highdicom as hd
import numpy as np
import pydicom
from dicom_files import write_series
from dicom_judge import Given, Volume
from pydicom import Dataset

from dicom_cases.case import BY_OPTION, EVEN, OBLIQUE, RIGHT, SAID, UNEVEN, Make, refused, section, truth_of
from dicom_cases.place import SCRAMBLED

Change = Callable[[Dataset], object]


@cache
def _content(along: tuple[float, ...], slope_step: float) -> tuple[bytes, Volume]:
    """The file of an enhanced CT, made from a series whose slopes rise from slice to slice, and its truth."""
    slopes = 1 + np.arange(len(along)) * slope_step

    def edit(dataset: Dataset, i: int) -> None:
        dataset.RescaleSlope, dataset.InstanceNumber, dataset.AcquisitionNumber = f"{slopes[i]}", i + 1, 1

    with TemporaryDirectory() as folder:
        series = write_series(Path(folder), along=along, orientation=OBLIQUE, edit=edit)
        slices = [pydicom.dcmread(path) for path in series.files]
    file = BytesIO()
    hd.legacy.LegacyConvertedEnhancedCTImage(slices, hd.UID(), 2, hd.UID(), 1).save_as(file)
    values = series.stored * slopes[:, None, None] - 1024
    return file.getvalue(), truth_of(series, values, tolerance=0.01)


def _shuffle_frames(dataset: Dataset) -> None:
    """Give the frames of an object of eight slices, with their functional groups, another order."""
    order = [number - 1 for number in SCRAMBLED]
    groups = _groups(dataset)
    dataset.PerFrameFunctionalGroupsSequence = [groups[i] for i in order]
    dataset.PixelData = np.frombuffer(dataset.PixelData, np.int16).reshape(8, -1)[order].tobytes()


def _enhanced(
    change: Change | None = None,
    unknown: str = "",
    along: tuple[float, ...] = EVEN,
    slope_step: float = 0.0,
    filled: bool = False,
) -> Make:
    """An enhanced CT of 8 slices, changed; `filled` reads it with its gap behind the third slice filled."""

    def make(folder: Path, _: Path) -> Given:
        content, truth = _content(along, slope_step)
        dataset, path = pydicom.dcmread(BytesIO(content)), folder / "enhanced.dcm"
        if change is not None:
            change(dataset)
        dataset.save_as(path)
        if filled:
            return Given(path, [_filled(truth)], to_be_said=True, options=UNEVEN)
        return Given(path, [] if unknown else [truth], unknown)

    return make


def _filled(truth: Volume) -> Volume:
    values, affines = (np.insert(a, 3, (a[2] + a[3]) / 2, axis=0) for a in (truth.values, truth.affines))
    return Volume(values, affines, tolerance=truth.tolerance)


def _real(name: str) -> Make:
    return lambda _, real: Given(real / f"dicom/single/{name}.dcm", unknown="places of slices")


def _groups(dataset: Dataset) -> list[Dataset]:
    return list(dataset.PerFrameFunctionalGroupsSequence)


def _no_rescale(dataset: Dataset) -> None:
    for group in [*_groups(dataset), *dataset.SharedFunctionalGroupsSequence]:
        group.pop("PixelValueTransformationSequence", None)


def _phases(dataset: Dataset) -> None:
    for number, group in enumerate(_groups(dataset)):
        group.FrameContentSequence[0].TemporalPositionIndex = number // 4 + 1
        group.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 5 * (number % 4)]


def _stacks(dataset: Dataset) -> None:
    for number, group in enumerate(_groups(dataset)):
        group.FrameContentSequence[0].StackID = "AB"[number % 2]


def _directions(dataset: Dataset) -> None:
    """Every frame gets its own direction; that of the fourth differs."""
    shared = dataset.SharedFunctionalGroupsSequence[0]
    plane = next(it.PlaneOrientationSequence for it in (shared, *_groups(dataset)) if "PlaneOrientationSequence" in it)
    shared.pop("PlaneOrientationSequence", None)
    turned = Dataset()
    turned.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    for number, group in enumerate(_groups(dataset)):
        group.PlaneOrientationSequence = [turned] if number == 3 else plane


def _drop(number: int, tag: str) -> Change:
    """Remove a tag from the groups of one frame."""
    return lambda dataset: _groups(dataset)[number].pop(tag)


_GAP = (0, 2.5, 5, 10, 12.5)
#: of an object of 8 frames: what is unknown, and what the refusal names
_BROKEN: dict[str, tuple[Change, str, tuple[str, ...]]] = {
    "a frame without a position": (_drop(3, "PlanePositionSequence"), "places of slices", ("ImagePositionPatient",)),
    "an empty position": (
        lambda it: setattr(_groups(it)[3], "PlanePositionSequence", []), "places of slices", ("ImagePositionPatient",)),
    "a frame without values": (_drop(3, "PixelValueTransformationSequence"), "values", ("RescaleSlope",)),
    "no values": (_no_rescale, "values", ("RescaleSlope",)),
    "a group less": (lambda it: it.PerFrameFunctionalGroupsSequence.pop(), "places of slices", ("7", "8")),
    "a group less in the middle": (
        lambda it: it.PerFrameFunctionalGroupsSequence.pop(2), "places of slices", ("7", "8")),
    "no groups": (lambda it: it.pop("PerFrameFunctionalGroupsSequence"), "places of slices", ("0", "8")),
    "no shared groups": (lambda it: it.pop("SharedFunctionalGroupsSequence"), "places of slices", ()),
    "a frame less": (lambda it: setattr(it, "NumberOfFrames", 7), "values", ("8", "7")),
    "no number of frames": (lambda it: it.pop("NumberOfFrames"), "values", ("8", "1")),
    "pixels of a frame less": (lambda it: setattr(it, "PixelData", it.PixelData[:-70]), "values", ("490", "560")),
    "two phases": (_phases, "times", ("0.00 mm", "frame 1", "frame 5", "TemporalPositionIndex", "1 (4", "2 (4")),
    "two stacks": (_stacks, "stacks", ("A (4 frames)", "B (4 frames)")),
    "two directions": (_directions, "directions", ("7 x 5 pixels", "(7 frames)", "(1 frames)")),
    "a part of three": (lambda it: setattr(it, "InConcatenationTotalNumber", 3), "other parts", ("3 parts",)),
    "too few Rows": (lambda it: setattr(it, "Rows", 4), "size", ("8 x 4 x 7", "560", "448")),
    "too many Rows": (lambda it: setattr(it, "Rows", 6), "size", ("8 x 6 x 7", "560", "672")),
}  # fmt: skip

CASES = section(
    ("enhanced CT", _enhanced(), RIGHT),
    ("enhanced CT, a RescaleSlope for each frame", _enhanced(slope_step=0.25), RIGHT),
    ("enhanced CT, frames in no order", _enhanced(_shuffle_frames), RIGHT),
    ("enhanced CT, frames in no order, a RescaleSlope for each", _enhanced(_shuffle_frames, slope_step=0.25), RIGHT),
    ("enhanced CT with a gap", _enhanced(along=_GAP), refused("enhanced.dcm", "2.50 mm", "37.55 mm", BY_OPTION)),
    ("enhanced CT with a gap, `resample_uneven=True`", _enhanced(along=_GAP, filled=True), SAID),
    *(
        (f"enhanced CT, {name}", _enhanced(change, unknown, slope_step=0.25), refused("enhanced.dcm", *named))
        for name, (change, unknown, named) in _BROKEN.items()
    ),
    ("enhanced MR that lost its functional groups", _real("mr_enhanced_10frame"), refused("mr_enhanced_10frame.dcm")),
    ("MR of 16 frames without places", _real("mr_multiframe16_8bit"), refused("mr_multiframe16_8bit.dcm", "16")),
)  # fmt: skip
