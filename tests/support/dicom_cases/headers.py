"""Headers of slices: odd values, and values that say nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np
from dicom_files import Series
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from dicom_cases.case import EVEN, RIGHT, Make, first_file, refused, rewrite, section, series
from dicom_cases.edits import Edit, as_float, as_vr, change_pixels, on_slice, set_tags

_LOCALIZER = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
_EXPLICIT = b"1.2.840.10008.1.2.1\0"  # the transfer syntax of what is written
_FIRST_TAG, _SYNTAX_TAG = b"\x08\0\x08\0CS", b"\x02\0\x10\0UI"


def _nest_tags(dataset: Dataset, i: int) -> None:
    """An icon, a source image and private tags, whose values are not those of the slice."""
    icon, source = Dataset(), Dataset()
    icon.Rows = icon.Columns = 2
    icon.add_new("PixelData", "OB", b"\1\2\3\4")
    source.ImagePositionPatient, source.PixelSpacing, source.SeriesInstanceUID = [9, 9, 9], [9, 9], "1.2"
    dataset.IconImageSequence, dataset.SourceImageSequence = [icon], [source]
    dataset.private_block(0x29, "SIEMENS CSA HEADER", create=True).add_new(8, "UN", b"\1\2\3\4" * 100)


def _with_nan(dataset: Dataset, i: int) -> None:
    as_float(dataset, i)
    values = np.frombuffer(dataset.FloatPixelData, np.float32).copy()
    values[3] = np.nan
    dataset.FloatPixelData = values.tobytes()


def _garble_voltage(one: Series) -> None:
    for path in one.files:
        path.write_bytes(path.read_bytes().replace(b"120.5", b"120kV"))


def _position(number: bytes) -> Make:
    """A position whose first number is written otherwise in one of five files."""
    garble = rewrite(2, lambda content: content.replace(b"1.5\\2.5\\", number + b"\\2.5\\"))
    return series(
        ImagePositionPatient=lambda i: ["1.5", "2.5", str(i)],
        along=EVEN[:5],
        after=garble,
        unknown="places of slices",
    )


def _replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old, new)


#: odd, and the truth is clear
_CLEAR: dict[str, Edit] = {
    "position as text": as_vr("ImagePositionPatient", "LO", lambda value: [str(number) for number in value]),
    "position in binary": as_vr("ImagePositionPatient", "FD", lambda value: [float(number) for number in value]),
    "position of unknown VR": as_vr("ImagePositionPatient", "UN", lambda value: "\\".join(map(str, value)).encode()),
    "slope as text": as_vr("RescaleSlope", "LO", str),
    "rows in 32 bits": as_vr("Rows", "UL", int),
    "rows as text": as_vr("Rows", "IS", str),
    "two bytes of pixels too many": change_pixels(lambda pixels: pixels + b"\0\0"),
    "trailing padding": lambda dataset, i: dataset.add_new(0xFFFCFFFC, "OB", bytes(50)),
    "an icon, a source and private tags": _nest_tags,
    "private class": set_tags(SOPClassUID="1.3.46.670589.11.0.0.12.2"),
    "class in the file meta only": set_tags(SOPClassUID=None),
    "captured": set_tags(SOPClassUID=SecondaryCaptureImageStorage),
    "modality in small letters": set_tags(Modality="ct"),
    "no modality": set_tags(Modality=None),
    "values of unspecified type": set_tags(RescaleType="US"),
    "InstanceNumber beyond 32 bits": set_tags(InstanceNumber=lambda i: 2**40 + i),
}

#: of one of five slices: what is unknown, and what the refusal names
_OF_ONE_SLICE: dict[str, tuple[dict[str, Any], str, str]] = {
    "no PixelSpacing": ({"PixelSpacing": None}, "spacing in plane", "PixelSpacing"),
    "a PixelSpacing of 0": ({"PixelSpacing": [0, 0.5]}, "spacing in plane", "(0.0, 0.5)"),
    "a PixelSpacing of three numbers": ({"PixelSpacing": [0.5] * 3}, "spacing in plane", "[0.5, 0.5, 0.5]"),
    "parallel directions": ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "directions", "1.0, 0.0, 0.0]"),
    "no RescaleSlope": ({"RescaleSlope": None}, "values", "RescaleSlope"),
    "an empty RescaleIntercept": ({"RescaleIntercept": ""}, "values", "RescaleIntercept"),
}

#: of the only slice, its file named
_OF_ONE_FILE: dict[str, tuple[dict[str, Any], str, str]] = {
    "NumberOfFrames 0": ({"NumberOfFrames": 0}, "number of slices", "NumberOfFrames"),
    "NumberOfFrames 3, pixels of one": ({"NumberOfFrames": 3}, "number of slices", "3 frames"),
    "a negative PixelSpacing": ({"PixelSpacing": [-1, 1]}, "spacing in plane", "(-1.0, 1.0)"),
    "ImagerPixelSpacing for PixelSpacing": (
        {"PixelSpacing": None, "ImagerPixelSpacing": [1, 1]},
        "spacing in plane",
        "PixelSpacing",
    ),
    "a direction that is too short": ({"ImageOrientationPatient": [1, 0, 0, 0.5, 0.8, 0]}, "directions", "0.5, 0.8"),
    "directions of zeros": ({"ImageOrientationPatient": [0] * 6}, "directions", "0.0, 0.0, 0.0"),
    "directions of five numbers": ({"ImageOrientationPatient": [1, 0, 0, 0, 1]}, "directions", "0.0, 0.0, 1.0]"),
    "RescaleSlope 0": ({"RescaleSlope": 0}, "values", "RescaleSlope"),
    "RescaleIntercept alone, no Modality": ({"Modality": None, "RescaleSlope": None}, "values", "RescaleSlope"),
    "RescaleSlope beyond numbers": ({"RescaleSlope": "1e38"}, "values", "35 of 35"),
    "Rows too many for the pixels": ({"Rows": 6}, "size", "84"),
    "Columns too many for the pixels": ({"Columns": 8}, "size", "80"),
    "Rows 0": ({"Rows": 0}, "size", "Rows"),
    "no BitsStored": ({"BitsStored": None}, "values", "Bits Stored"),
    "no BitsStored, no HighBit": ({"BitsStored": None, "HighBit": None}, "values", "Bits Stored"),
    "no PhotometricInterpretation": ({"PhotometricInterpretation": None}, "values", "PhotometricInterpretation"),
    "empty PixelData": ({"PixelData": b""}, "values", "IM000"),
    "no PixelData": ({"PixelData": None}, "values", "IM000"),
}

#: other bytes for the file of the only slice
_CONTENT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "an empty file": (lambda _: b"", "'DICM'"),
    "a PDF": (lambda _: b"%PDF-1.4" + bytes(1000), "'DICM'"),
    "a file without preamble": (lambda content: content[132:], "'DICM'"),
    "a file without file meta": (lambda it: it[:132] + it[it.index(_FIRST_TAG) :], "TransferSyntaxUID"),
    "no TransferSyntaxUID": (_replaced(_SYNTAX_TAG + b"\x14\0" + _EXPLICIT, b""), "TransferSyntaxUID"),
    "native pixels called RLE": (_replaced(_EXPLICIT, b"1.2.840.10008.1.2.5\0"), "IM000"),
    "an unknown transfer syntax": (_replaced(_EXPLICIT, b"1.2.3.4.5.6.7.8.9.1\0"), "IM000"),
}

CASES = section(
    *((name, series(edit, along=EVEN[:4]), RIGHT) for name, edit in _CLEAR.items()),
    ("a tube voltage with its unit, a tag that decides nothing", series(KVP="120.5", after=_garble_voltage), RIGHT),
    *(
        (f"{name} on one slice", series(on_slice(3, **tags), along=EVEN[:5], unknown=unknown), refused("IM000", named))
        for name, (tags, unknown, named) in _OF_ONE_SLICE.items()
    ),
    *(
        (name, series(**tags, along=[0.0], named=first_file, unknown=unknown), refused("IM000", named))
        for name, (tags, unknown, named) in _OF_ONE_FILE.items()
    ),
    ("a value that is NaN", series(_with_nan, along=EVEN[:4], unknown="values"), refused("1 of 35", "IM000")),
    ("pixels twice", series(change_pixels(lambda it: 2 * it), along=EVEN[:4], unknown="values"), refused("140", "70")),
    ("a series of localizers", series(ImageType=_LOCALIZER, along=EVEN[:4], unknown="its series"), refused("4")),
    ("a position of NaN", _position(b"nan"), refused("IM004", "nan")),
    ("a position with a letter", _position(b"a.5"), refused("IM004", "a.5")),
    ("a position with a decimal comma", _position(b"1,5"), refused("IM004", "1,5")),
    *(
        (name, series(along=[0.0], after=rewrite(0, change), named=first_file, unknown="values"),
         refused("IM000", named))
        for name, (change, named) in _CONTENT.items()
    ),
)  # fmt: skip
