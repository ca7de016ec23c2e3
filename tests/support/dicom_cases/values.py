"""Values of pixels, and how they are stored."""

from pathlib import Path

import numpy as np
import pydicom
from dicom_files import Series
from pydicom import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    PositronEmissionTomographyImageStorage,
    RLELossless,
)

from dicom_cases.case import RIGHT, Make, refused, section, series
from dicom_cases.edits import Edit, as_float

_CT_SLOPES, _PET_SLOPES = 1 + np.arange(8) / 4, 0.5 + np.arange(8) / 8
_NO_RESCALE = {"RescaleSlope": None, "RescaleIntercept": None}


def _as_pet(dataset: Dataset, i: int) -> None:
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
    dataset.Modality, dataset.Units = "PT", "BQML"
    dataset.RescaleSlope, dataset.RescaleIntercept = f"{_PET_SLOPES[i]}", "0"


def _modality_table(dataset: Dataset, i: int) -> None:
    del dataset.RescaleSlope, dataset.RescaleIntercept
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType = [2000, 0, 16], "HU"
    table.add_new("LUTData", "OW", (3 * np.arange(2000)).astype("<u2").tobytes())
    dataset.ModalityLUTSequence = [table]


def _padded(value: int) -> Make:
    """A series with a row of padding in each slice."""
    stored = np.random.default_rng(8).integers(0, 2000, (8, 5, 7)).astype(np.int16)
    stored[:, 0] = value
    return series(
        lambda dataset, i: dataset.add_new("PixelPaddingValue", "SS", value),
        stored=stored,
        values=lambda stored: np.where(stored == value, np.nan, stored - 1024.0),
    )


def _in_bits(dtype: type, bits: int, junk: int = 0, edit: Edit | None = None) -> Make:
    """A series with `bits` of the type's bits stored, and junk in those above."""
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if np.issubdtype(dtype, np.signedinteger) else (0, 2**bits)
    meant = np.random.default_rng(bits).integers(max(low, -(2**20)), min(high, 2**20), (8, 5, 7))
    written = (meant & (2**bits - 1)) | (junk << bits) if junk else meant
    unsigned = np.dtype(f"u{np.dtype(dtype).itemsize}")
    stored = (written & (2 ** (8 * unsigned.itemsize) - 1)).astype(unsigned).view(dtype)
    return series(edit, BitsStored=bits, HighBit=bits - 1, stored=stored, values=lambda _: meant - 1024.0)


def _in_high_bits() -> Make:
    meant = np.random.default_rng(12).integers(0, 4096, (8, 5, 7))
    stored = (meant << 4).astype(np.uint16)
    return series(BitsStored=12, HighBit=15, stored=stored, values=lambda _: meant - 1024.0)


def _without_sign(dataset: Dataset, i: int) -> None:
    """Write zeros into the four bits above the stored ones."""
    dataset.PixelData = (np.frombuffer(dataset.PixelData, np.uint16) & 0x0FFF).tobytes()


def _in_32_bits(dataset: Dataset, i: int) -> None:
    if i % 2:
        dataset.PixelData = np.frombuffer(dataset.PixelData, np.int16).astype(np.int32).tobytes()
        dataset.BitsAllocated = dataset.BitsStored = 32
        dataset.HighBit = 31


def _in_syntax(*syntaxes: str | None) -> Make:
    """A series whose slices are in these transfer syntaxes, again and again; None leaves a slice as it is."""

    def rewrite_all(one: Series) -> None:
        for i, path in enumerate(one.files):
            syntax = syntaxes[i % len(syntaxes)]
            if syntax is not None:
                _transcode(path, syntax)

    return series(after=rewrite_all)


def _transcode(path: Path, syntax: str) -> None:
    dataset = pydicom.dcmread(path)
    if syntax in (RLELossless, JPEGLSLossless):
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(path)
        return
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
    dataset.file_meta.TransferSyntaxUID = syntax
    implicit, little = syntax == ImplicitVRLittleEndian, syntax != ExplicitVRBigEndian
    pydicom.dcmwrite(path, rewritten(dataset), implicit_vr=implicit, little_endian=little, force_encoding=True)


def rewritten(dataset: Dataset, keep_meta: bool = True) -> Dataset:
    """A copy that remembers no encoding; without file meta, it is written as the data set alone."""
    copy = Dataset()
    copy.update(dataset)
    if keep_meta:
        copy.file_meta = dataset.file_meta
        copy.preamble = bytes(128)
    return copy


CASES = section(
    ("RescaleSlope differs from slice to slice (CT)",
     series(RescaleSlope=lambda i: f"{_CT_SLOPES[i]}", values=lambda it: it * _CT_SLOPES[:, None, None] - 1024), RIGHT),
    ("RescaleSlope differs from slice to slice (PET)",
     series(_as_pet, modality="PT", values=lambda it: it * _PET_SLOPES[:, None, None]), RIGHT),
    ("MR without rescale tags", series(modality="MR", values=lambda it: it), RIGHT),
    ("no RescaleSlope (CT)", series(**_NO_RESCALE, unknown="values"), refused("RescaleSlope", "IM000")),
    ("no RescaleSlope and no Modality, the class says CT",
     series(**_NO_RESCALE, Modality=None, unknown="values"), refused("RescaleSlope", "IM000")),
    ("effective atomic numbers of a spectral CT (RescaleType Z_EFF)",
     series(RescaleType="Z_EFF", unknown="values for HU"), refused("IM000", "'Z_EFF'")),
    ("values of a CT in a modality table", series(_modality_table, values=lambda it: 3.0 * it), RIGHT),
    ("MONOCHROME1 CT", series(PhotometricInterpretation="MONOCHROME1"), RIGHT),
    ("MONOCHROME1 MR, 12 bits",
     series(PhotometricInterpretation="MONOCHROME1", PixelRepresentation=0, BitsStored=12, HighBit=11, modality="MR",
            values=lambda it: 4095.0 - it), RIGHT),
    ("PixelPaddingValue below air", _padded(-2000), RIGHT),
    ("PixelPaddingValue above all tissue", _padded(32767), RIGHT),
    ("12 of 16 bits with junk above", _in_bits(np.uint16, 12, junk=0b0101), RIGHT),
    ("12 of 16 bits, signed, without sign in the bits above", _in_bits(np.int16, 12, edit=_without_sign), RIGHT),
    ("12 of 16 bits, in the high ones (HighBit 15)",
     _in_high_bits(), refused("IM003", "HighBit 15", "BitsStored 12")),
    ("Rows too few for the pixels",
     series(Rows=4, unknown="size"), refused("1 x 4 x 7", "IM001", "70", "56")),
    ("Columns too few for the pixels",
     series(Columns=6, unknown="values"), refused("1 x 5 x 6", "IM001", "70", "60")),
    ("float pixels", series(as_float), RIGHT),
    ("10 of 16 bits", _in_bits(np.uint16, 10), RIGHT),
    ("8 bits, signed", _in_bits(np.int8, 8), RIGHT),
    ("32 bits", _in_bits(np.uint32, 32), RIGHT),
    ("slices of 1 x 1 pixels", series(size=(1, 1)), RIGHT),
    ("implicit VR", _in_syntax(ImplicitVRLittleEndian), RIGHT),
    ("big endian", _in_syntax(ExplicitVRBigEndian), RIGHT),
    ("deflated", _in_syntax(DeflatedExplicitVRLittleEndian), RIGHT),
    ("slices of one series in three transfer syntaxes", _in_syntax(RLELossless, JPEGLSLossless, None), RIGHT),
    ("slices of one series in 16 and 32 bits", series(_in_32_bits), RIGHT),
    ("RLE", _in_syntax(RLELossless), RIGHT),
)  # fmt: skip
