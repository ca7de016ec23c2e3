"""Order and place of slices."""

import numpy as np
import pydicom
from dicom_files import Series
from dicom_judge import Volume

from dicom_cases.case import (
    BY_OPTION,
    CORONAL,
    EVEN,
    OBLIQUE,
    RIGHT,
    SAGITTAL,
    SAID,
    UNEVEN,
    first_file,
    linear_series,
    part,
    refused,
    section,
    series,
)
from dicom_cases.edits import on_slice

SCRAMBLED = (3, 7, 1, 8, 5, 2, 6, 4)
_GAP, _GAPS, _WIDER_GAP = (0, 2.5, 5, 10, 12.5, 15), (0, 2.5, 5, 12.5, 15, 20), (0, 2.5, 5, 8.2, 10.7, 13.2)
_FEW, _CREEPING = (0, 1, 100), np.cumsum([0, *np.linspace(1, 1.08, 40)])


def _lengthen(one: Series) -> None:
    """Write decimal strings with 20 decimals, which no library agrees to write."""
    for path, position in zip(one.files, one.positions, strict=True):
        content = path.read_bytes()
        for tag, values in ((b"\x20\0\x37\0DS", OBLIQUE), (b"\x20\0\x32\0DS", position)):
            start = content.index(tag)
            length = int.from_bytes(content[start + 6 : start + 8], "little")
            text = "\\".join(f"{value:.20f}" for value in values).encode()
            text += b" " * (len(text) % 2)
            content = content[: start + 6] + len(text).to_bytes(2, "little") + text + content[start + 8 + length :]
        path.write_bytes(content)


def _round_heights(one: Series) -> None:
    """Write the heights of slices in tenths of a mm."""
    for path, height in zip(one.files, one.positions[:, 2], strict=True):
        dataset = pydicom.dcmread(path)
        dataset.ImagePositionPatient[2] = f"{height:.1f}"
        dataset.save_as(path)


def _even_heights(truth: Volume) -> list[Volume]:
    """The slices evenly between the rounded heights of the first and the last."""
    first, *_, last = truth.affines[:, 2, 3].round(1)
    affines = truth.affines.copy()
    affines[:, 2, 3] = np.linspace(first, last, len(affines))
    return [Volume(truth.values, affines)]


def _third_or_fourth(truth: Volume) -> list[Volume]:
    """All slices but the third, or all but the fourth."""
    return [part(truth, np.delete(np.arange(6), number)) for number in (3, 2)]


CASES = section(
    ("axial CT, numbered upwards", series(), RIGHT),
    ("sagittal", series(orientation=SAGITTAL), RIGHT),
    ("coronal", series(orientation=CORONAL), RIGHT),
    ("oblique", series(orientation=OBLIQUE), RIGHT),
    ("feet first, prone", series(orientation=(1, 0, 0, 0, -1, 0)), RIGHT),
    ("lying on the side", series(orientation=(0, -1, 0, 1, 0, 0)), RIGHT),
    ("directions as DS longer than 16 characters", series(orientation=OBLIQUE, after=_lengthen), RIGHT),
    ("InstanceNumber counts downwards", series(InstanceNumber=lambda i: 8 - i), RIGHT),
    ("InstanceNumber not spatial", series(InstanceNumber=lambda i: SCRAMBLED[i]), RIGHT),
    ("InstanceNumber the same everywhere", series(InstanceNumber=1), RIGHT),
    ("InstanceNumber missing on one slice", series(on_slice(2, InstanceNumber=None)), RIGHT),
    ("InstanceNumber missing", series(InstanceNumber=None), RIGHT),
    ("SliceThickness is not the spacing, SpacingBetweenSlices is negative",
     series(SliceThickness=5, SpacingBetweenSlices=-3), RIGHT),
    ("positions written in tenths of a mm",
     series(along=np.arange(8) * 0.625, after=_round_heights, truths=_even_heights), RIGHT),
    ("missing slice", linear_series(_GAP), refused("2.50 mm", "33.00", "48.00 mm", "40.50 mm", BY_OPTION)),
    ("missing slice, `resample_uneven=True`", linear_series(_GAP, said=True, options=UNEVEN), SAID),
    ("uneven spacing", linear_series(_WIDER_GAP), refused("2.50 mm", "3.20 mm", "38.00", "41.20 mm", BY_OPTION)),
    ("uneven spacing, `resample_uneven=True`", linear_series(_WIDER_GAP, said=True, options=UNEVEN), SAID),
    ("doubled slice, with other values",
     series(along=(0, 2.5, 5, 5, 7.5, 10), truths=_third_or_fourth, said=True), refused("38.00 mm", "IM001", "IM004")),
    ("gantry tilt of 15 degrees", linear_series(EVEN, aside=float(np.tan(np.radians(15)))), SAID),
    ("gantry tilt that changes on the way", linear_series(EVEN, aside=[0, 0.5, 1, 1.5, 2.5, 3.5, 4.5, 5.5]), SAID),
    ("no ImagePositionPatient",
     series(ImagePositionPatient=None, unknown="origin, spacing of slices"), refused("ImagePositionPatient", "IM000")),
    ("no ImagePositionPatient on one slice",
     series(on_slice(3, ImagePositionPatient=None), unknown="places of slices"), refused("Position", "IM007")),
    ("no ImageOrientationPatient",
     series(ImageOrientationPatient=None, unknown="directions"), refused("ImageOrientationPatient", "IM000")),
    ("no PixelSpacing", series(PixelSpacing=None, unknown="spacing in plane"), refused("PixelSpacing", "IM000")),
    ("PixelSpacing 0", series(PixelSpacing=[0, 0], unknown="spacing in plane"), refused("IM000", "(0.0, 0.0)")),
    ("PixelSpacing differs from slice to slice",
     series(PixelSpacing=lambda i: [0.8 + i / 100, 0.6 + i / 100], unknown="spacing in plane"),
     refused("7 x 5 pixels", "0.8")),
    ("directions that are no unit vectors",
     series(ImageOrientationPatient=[1, 0, 0, 0, 0.5, 0.5], unknown="directions"), refused("IM000", "0.5, 0.5]")),
    ("slices in two frames of reference",
     series(FrameOfReferenceUID=lambda i: "1.2.3" if i < 4 else "1.2.4", unknown="places of slices"), refused("UID")),
    ("one slice, its folder named", series(along=[4.0]), RIGHT),
    ("one slice, its file named", series(along=[4.0], named=first_file), RIGHT),
    ("a list of slice files", series(named=lambda one: one.files[::-1]), RIGHT),
    ("several missing slices", linear_series(_GAPS), refused("53.00 mm", "40.50 mm", "43.00 mm", "50.50 mm")),
    ("spacing that creeps", linear_series(_CREEPING), refused("1.000", "1.080 mm", BY_OPTION)),
    ("three slices for a hundred", linear_series(_FEW), refused("98")),
    ("three slices for a hundred, `resample_uneven=True`", linear_series(_FEW, options=UNEVEN), refused("3", "101")),
)  # fmt: skip
