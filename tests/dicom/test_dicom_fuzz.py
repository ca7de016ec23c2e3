"""Garbled, cut off and odd DICOM: what comes is right, or what is wrong is refused by name; nothing else is raised."""

import itertools
import logging
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dicom_cases
import numpy as np
import pydicom
import pytest
from dicom_cases import EVEN, IN_ORDER, as_float, enhanced, in_turn, on_slice, set_tags, shuffle_frames, truth_of
from dicom_files import write_picture, write_series
from dicom_judge import Picture, Volume, fault
from monai.data import MetaTensor
from monai.transforms import EnsureChannelFirst
from pydicom import DataElement, Dataset
from pydicom.dataelem import RawDataElement
from pydicom.encaps import encapsulate, generate_frames
from pydicom.tag import Tag
from pydicom.uid import RLELossless, SecondaryCaptureImageStorage

from srs_monai.data.readers import DicomError, DicomReader, MedicalImageReader

NOISE: tuple[bytes | None, ...] = (
    None, b"", b"??", b"\xff\xff", b"\0\0", b"\7\0", b"nan ", b"1e999\\1", b"1\\2\\3\\4\\5\\6\\7 ", b"1,5\\1,5 ",
    b"A" * 300,
)  # fmt: skip
SLICE_TAGS = [
    "SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "StudyDate", "Modality", "SliceThickness",
    "StudyInstanceUID", "SeriesInstanceUID", "InstanceNumber", "ImagePositionPatient", "ImageOrientationPatient",
    "FrameOfReferenceUID", "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns",
    "PixelSpacing", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue",
    "RescaleIntercept", "RescaleSlope", "RescaleType", "PresentationLUTShape", "ModalityLUTSequence",
    "SharedFunctionalGroupsSequence", "SpacingBetweenSlices", "TotalPixelMatrixColumns", "PatientName",
]  # fmt: skip
PICTURE_TAGS = [
    "SOPClassUID", "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns", "BitsAllocated",
    "BitsStored", "HighBit", "PixelRepresentation", "RedPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableData", "SequenceOfUltrasoundRegions", "ImageType",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)


def load(source: Any) -> MetaTensor:
    array, meta = DicomReader().get_data(source)
    return EnsureChannelFirst()(MetaTensor(array, meta=meta))


def load_or_refusal(source: Path) -> MetaTensor | str:
    try:
        return load(source)
    except DicomError as error:
        return str(error)


def assert_right(source: Any, truth: Volume | Picture) -> None:
    image = load(source)
    assert fault(image.numpy(), image.affine.numpy(), truth) == ""


def assert_right_or_refused(source: Path, truth: Volume | Picture, rest: Volume | None = None) -> None:
    """Or the rest of the slices came, and what was left out is said."""
    image = load_or_refusal(source)
    if isinstance(image, str):
        assert source.name in image
        assert "; " in image
        return
    faults = fault(image.numpy(), image.affine.numpy(), truth)
    if faults and rest is not None and image.meta["left_out"]:
        faults = fault(image.numpy(), image.affine.numpy(), rest)
    assert faults == ""


def garble(path: Path, content: bytes, tag: str, noise: bytes | None) -> bool:
    """Rewrite a file with noise for a tag's value; None takes the tag away. Whether it could be written."""
    path.write_bytes(content)
    dataset = pydicom.dcmread(path)
    number = Tag(tag)
    vr = dataset[number].VR if number in dataset else pydicom.datadict.dictionary_VR(number).split(" ")[0]
    if noise is None:
        dataset.pop(number, None)
    else:
        dataset[number] = RawDataElement(number, vr, len(noise), noise, 0, False, True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset.save_as(path)
    except (ValueError, TypeError, AttributeError, KeyError):  # what pydicom does not write
        return False
    return True


@pytest.mark.parametrize("tag", SLICE_TAGS)
def test_a_garbled_tag_of_one_slice_is_harmless_or_refused(tmp_path: Path, tag: str) -> None:
    series = write_series(tmp_path / "series", along=EVEN[:4], edit=IN_ORDER)
    truth, tried = truth_of(series), 0
    for number in (1, 3):  # the last one leaves no gap
        rest = Volume(np.delete(truth.values, number, 0), np.delete(truth.affines, number, 0))
        content = series.files[number].read_bytes()
        for noise in NOISE:
            if garble(series.files[number], content, tag, noise):
                tried += 1
                assert_right_or_refused(series.folder, truth, rest)
        series.files[number].write_bytes(content)
    assert tried >= 8


@pytest.mark.parametrize("tag", PICTURE_TAGS)
@pytest.mark.parametrize("name", ["ultrasound, RGB", "ultrasound, palette colour", "ultrasound sequence, grey"])
def test_a_garbled_tag_of_a_picture_is_harmless_or_refused(tmp_path: Path, tag: str, name: str) -> None:
    given = dicom_cases.CASES["Pictures"][name](tmp_path, tmp_path)
    assert isinstance(given.source, Path)
    content = given.source.read_bytes()
    written = [noise for noise in NOISE if garble(given.source, content, tag, noise)]
    assert len(written) >= 8
    for noise in written:
        garble(given.source, content, tag, noise)
        assert_right_or_refused(given.source, given.truths[0])


def test_a_slice_cut_off_anywhere_refuses_the_series(tmp_path: Path) -> None:
    series = write_series(tmp_path, along=EVEN[:4], edit=IN_ORDER)
    content = series.files[3].read_bytes()
    for length in range(0, len(content), 3):
        series.files[3].write_bytes(content[:length])
        with pytest.raises(DicomError, match=f"{series.files[3].name}.*; "):
            load(tmp_path)


def test_flipped_bits_raise_nothing_but_refusals(tmp_path: Path) -> None:
    series = write_series(tmp_path, along=EVEN[:4], edit=IN_ORDER)
    content = series.files[1].read_bytes()
    random = np.random.default_rng(3)
    refused = 0
    for place, bit in zip(random.integers(132, len(content), 300), random.integers(0, 8, 300), strict=True):
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(bit)
        series.files[1].write_bytes(flipped)
        refused += isinstance(load_or_refusal(tmp_path), str)
    assert 20 < refused < 280


@pytest.fixture
def single(datasets: Path) -> Path:
    return datasets / "dicom" / "single"


@pytest.mark.parametrize(
    "name",
    [
        "us_rgb_rle", "us_ybr_rct_j2k_lossless", "ct_chest_jpeglslossless", "sc_ybr_full_jpegbaseline",
        "ct_chest_jpegprocess14sv1", "ct_chest_deflatedexplicitvrlittleendian", "us_rgb_bigendian",
    ],
)  # fmt: skip
def test_compressed_files_cut_off_are_refused(tmp_path: Path, single: Path, name: str) -> None:
    content = (single / f"{name}.dcm").read_bytes()
    path = tmp_path / "cut.dcm"
    for share in (0.5, 0.9, 0.99):
        path.write_bytes(content[: int(share * len(content))])
        image = load_or_refusal(path)
        if isinstance(image, str):
            assert "cut.dcm" in image
        else:  # only padding was lost
            np.testing.assert_array_equal(image.numpy(), load(single / f"{name}.dcm").numpy())
            assert share == 0.99


@pytest.mark.parametrize(
    "name",
    ["us_rgb_rle", "mr_j2k_lossless_small", "sc_ybr_full_jpegbaseline"],
)
def test_cut_off_codestreams_in_whole_files_are_refused(tmp_path: Path, single: Path, name: str) -> None:
    dataset = pydicom.dcmread(single / f"{name}.dcm")
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    for length in (len(frame) // 2, len(frame) * 9 // 10):
        recoded(dataset, frame[:length], tmp_path / "cut.dcm")
        with pytest.raises(DicomError, match=r"pixels of .*cut\.dcm cannot be read: "):
            load(tmp_path / "cut.dcm")


def recoded(dataset: Dataset, frame: bytes, path: Path) -> None:
    """Write a compressed data set with another frame."""
    for tag in [tag for tag in dataset.keys() if tag.group == 0xFFFE]:  # noqa: SIM118 (iterating would decode)
        del dataset[tag]
    dataset.PixelData = encapsulate([frame + b"\0" * (len(frame) % 2)])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)


def test_run_lengths_over_which_the_decoder_panics_are_refused(tmp_path: Path) -> None:
    series = write_series(tmp_path, along=[0.0], size=(16, 16))
    dataset = pydicom.dcmread(series.files[0])
    dataset.compress(RLELossless, generate_instance_uid=False)
    frame = bytearray(next(generate_frames(dataset.PixelData, number_of_frames=1)))
    first = int.from_bytes(frame[4:8], "little")
    frame[first:] = b"\x7f" + bytes(len(frame) - first - 1)
    recoded(dataset, bytes(frame), series.files[0])
    with pytest.raises(DicomError, match=r"pixels of .* cannot be read"):
        load(tmp_path)


def _with_nan(dataset: Dataset, i: int) -> None:
    as_float(dataset, i)
    values = np.frombuffer(dataset.FloatPixelData, np.float32).copy()
    values[3] = np.nan
    dataset.FloatPixelData = values.tobytes()


def _with_nested_and_private_tags(dataset: Dataset, i: int) -> None:
    icon, source = Dataset(), Dataset()
    icon.Rows = icon.Columns = 2
    icon.add_new("PixelData", "OB", b"\1\2\3\4")
    source.ImagePositionPatient, source.PixelSpacing, source.SeriesInstanceUID = [9, 9, 9], [9, 9], "1.2"
    dataset.IconImageSequence, dataset.SourceImageSequence = [icon], [source]
    dataset.private_block(0x29, "SIEMENS CSA HEADER", create=True).add_new(8, "UN", b"\1\2\3\4" * 100)


def _as_vr(tag: str, vr: str, convert: Callable[[Any], Any]) -> dicom_cases.Edit:
    return lambda dataset, i: dataset.add(DataElement(Tag(tag), vr, convert(dataset[tag].value)))


ODD_BUT_CLEAR: dict[str, dicom_cases.Edit] = {
    "position as text": _as_vr("ImagePositionPatient", "LO", lambda value: [str(number) for number in value]),
    "position in binary": _as_vr("ImagePositionPatient", "FD", lambda value: [float(number) for number in value]),
    "position of unknown VR": _as_vr("ImagePositionPatient", "UN", lambda value: "\\".join(map(str, value)).encode()),
    "slope as text": _as_vr("RescaleSlope", "LO", str),
    "rows in 32 bits": _as_vr("Rows", "UL", int),
    "rows as text": _as_vr("Rows", "IS", str),
    "two bytes too many": lambda dataset, i: setattr(dataset, "PixelData", dataset.PixelData + b"\0\0"),
    "trailing padding": lambda dataset, i: dataset.add_new(0xFFFCFFFC, "OB", bytes(50)),
    "an icon, a source and private tags": _with_nested_and_private_tags,
    "float pixels": as_float,
    "private class": set_tags(SOPClassUID="1.3.46.670589.11.0.0.12.2"),
    "class in the file meta only": set_tags(SOPClassUID=None),
    "captured": set_tags(SOPClassUID=SecondaryCaptureImageStorage),
    "modality in small letters": set_tags(Modality="ct"),
    "no modality": set_tags(Modality=None),
    "values of unspecified type": set_tags(RescaleType="US"),
    "InstanceNumber beyond 32 bits": set_tags(InstanceNumber=2**40),
}


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize("name", ODD_BUT_CLEAR)
def test_odd_headers_that_are_clear_are_read(tmp_path: Path, name: str) -> None:
    series = write_series(tmp_path, along=EVEN[:4], edit=in_turn(IN_ORDER, ODD_BUT_CLEAR[name]))
    assert_right(tmp_path, truth_of(series))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (set_tags(RescaleType="Z_EFF"), "read in HU, but the values of .* are 'Z_EFF'"),
        (set_tags(RescaleSlope="1e38"), "35 of 35 .* are NaN or infinite"),
        (_with_nan, "1 of 35 .* are NaN or infinite"),
        (set_tags(HighBit=15, BitsStored=12), "HighBit 15 and BitsStored 12"),
        (set_tags(Rows=4), "70 bytes for 56"),
        (set_tags(Columns=6), "70 bytes for 60"),
        (set_tags(Columns=8), "less than expected"),
        (lambda dataset, i: setattr(dataset, "PixelData", 2 * dataset.PixelData), "140 bytes for 70"),
        (set_tags(Modality=None, RescaleSlope=None), "become HU by RescaleSlope"),
        (set_tags(BitsStored=None), "Bits Stored"),
        (set_tags(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), "holds 4 localizers"),
    ],
)
def test_values_that_cannot_be_known_are_refused(tmp_path: Path, edit: dicom_cases.Edit, said: str) -> None:
    write_series(tmp_path, along=EVEN[:4], edit=in_turn(IN_ORDER, edit))
    with pytest.raises(DicomError, match=said):
        load(tmp_path)


@pytest.mark.parametrize("after", [bytes(130), b"junk" * 33, b"\0"], ids=["zeros", "junk", "a zero"])
def test_what_follows_the_data_set_does_not_matter(tmp_path: Path, after: bytes) -> None:
    series = write_series(tmp_path, along=EVEN[:4], edit=IN_ORDER)
    for path in series.files:
        path.write_bytes(b"\xff" * 128 + path.read_bytes()[128:] + after)
    assert_right(tmp_path, truth_of(series))


def test_links_pipes_and_repeated_names_do_not_matter(tmp_path: Path) -> None:
    series = write_series(tmp_path / "series", along=EVEN[:4], edit=IN_ORDER)
    (series.folder / "loop").symlink_to(series.folder)
    (series.folder / "nowhere").symlink_to("/nowhere/at all")
    os.mkfifo(series.folder / "pipe")
    for source in (series.folder, f"{series.folder}/", [*series.files, series.files[0]]):
        assert_right(source, truth_of(series))


def test_names_of_nothing_are_refused(tmp_path: Path) -> None:
    series = write_series(tmp_path, along=EVEN[:4])
    for source, said in (
        ([], "there is no name"),
        ([series.files[0], tmp_path], "cannot be opened"),
        ([series.files[0], tmp_path / "missing"], "cannot be opened"),
        (tmp_path / "a" / "b", "nothing at"),
        (series.files[0] / "frame_0001", "frames are named"),
    ):
        with pytest.raises(DicomError, match=said):
            load(source)
    with pytest.raises(DicomError, match="there is no name"):
        MedicalImageReader().get_data([])


@pytest.mark.parametrize("noise", [b"", bytes(2000), b"<html>not found</html>"])
def test_a_slice_that_was_overwritten_is_missed_by_its_name(tmp_path: Path, noise: bytes) -> None:
    series = write_series(tmp_path, along=EVEN[:4])
    series.files[3].write_bytes(noise)
    with pytest.raises(DicomError, match=f"{series.files[3].name}.*out of the folder|is empty"):
        load(tmp_path)


def _edits_of_groups() -> Iterator[tuple[str, Callable[[Dataset], None], str]]:
    def group(dataset: Dataset) -> Dataset:
        return dataset.PerFrameFunctionalGroupsSequence[3]

    yield "no position", lambda it: group(it).pop("PlanePositionSequence"), "has ImagePositionPatient"
    yield "empty position", lambda it: setattr(group(it), "PlanePositionSequence", []), "has ImagePositionPatient"
    yield "no values", lambda it: group(it).pop("PixelValueTransformationSequence"), "become HU"
    yield "a group less", lambda it: it.PerFrameFunctionalGroupsSequence.pop(), "has 7 for 8"
    yield "no groups", lambda it: it.pop("PerFrameFunctionalGroupsSequence"), "has 0 for 8"
    yield "no shared groups", lambda it: it.pop("SharedFunctionalGroupsSequence"), "without functional groups"
    yield "a frame less", lambda it: setattr(it, "NumberOfFrames", 7), "has 8 for 7"
    yield "no number of frames", lambda it: it.pop("NumberOfFrames"), "has 8 for 1"
    yield "cut pixels", lambda it: setattr(it, "PixelData", it.PixelData[:-70]), "less than expected|490 bytes"


@pytest.fixture(scope="module")
def enhanced_ct(tmp_path_factory: pytest.TempPathFactory) -> tuple[Volume, Path]:
    return enhanced(tmp_path_factory.mktemp("enhanced"), slope_step=0.25)


@pytest.mark.parametrize(("edit", "said"), [pytest.param(*rest, id=name) for name, *rest in _edits_of_groups()])
def test_broken_functional_groups_are_refused(
    tmp_path: Path, enhanced_ct: tuple[Volume, Path], edit: Callable[[Dataset], None], said: str
) -> None:
    dataset = pydicom.dcmread(enhanced_ct[1])
    edit(dataset)
    dataset.save_as(tmp_path / "broken.dcm")
    with pytest.raises(DicomError, match=said):
        load(tmp_path / "broken.dcm")


def test_shuffled_frames_of_an_enhanced_object_are_sorted(tmp_path: Path, enhanced_ct: tuple[Volume, Path]) -> None:
    truth, path = enhanced_ct
    shutil.copy(path, tmp_path / "shuffled.dcm")
    shuffle_frames(tmp_path / "shuffled.dcm")
    assert_right(tmp_path / "shuffled.dcm", truth)


def test_archives_of_all_kinds_in_one_folder_give_each_series_by_its_name(tmp_path: Path) -> None:
    """Two CTs, an MR, a screenshot, a report, a localizer, a picture and notes."""
    ct, other = (write_series(tmp_path, along=EVEN[:count], edit=IN_ORDER) for count in (5, 4))
    mr = write_series(tmp_path, along=EVEN[:3], modality="MR", orientation=dicom_cases.CORONAL)
    write_series(tmp_path, along=[0.0], edit=set_tags(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]))
    write_picture(tmp_path / "shot", np.zeros((4, 4, 3), np.uint8), SecondaryCaptureImageStorage, "CT")
    dicom_cases.write_report(tmp_path / "report")
    (tmp_path / "notes.txt").write_text("notes")
    shutil.copy(tmp_path / "notes.txt", tmp_path / ".hidden")
    for series, values in ((ct, None), (other, None), (mr, mr.stored)):
        assert_right(tmp_path / series.uid, truth_of(series, values))
    assert_right(tmp_path, truth_of(ct))
    assert "5 slices" in load(tmp_path).meta["left_out"]


@pytest.mark.parametrize(("number", "spacing"), list(itertools.product([0, 3], [[0.8, 0.7], [0.6, 0.8]])))
def test_a_slice_of_another_spacing_is_left_out_and_said(tmp_path: Path, number: int, spacing: list[float]) -> None:
    series = write_series(tmp_path, along=EVEN[:4], edit=on_slice(number, set_tags(PixelSpacing=spacing)))
    truth = truth_of(series)
    rest = Volume(np.delete(truth.values, number, 0), np.delete(truth.affines, number, 0))
    assert_right(tmp_path, rest)
    assert "several grids" in load(tmp_path).meta["left_out"]


def test_a_jpeg_over_which_gdcm_ends_the_process_is_refused_or_read(tmp_path: Path, single: Path) -> None:
    content = bytearray((single / "sc_ybr_full_jpegbaseline.dcm").read_bytes())
    scan = content.index(bytes.fromhex("ffc4001f"))  # a table of codes
    content[scan] = 0xE5
    (tmp_path / "broken.dcm").write_bytes(content)
    assert isinstance(load_or_refusal(tmp_path / "broken.dcm"), (str, MetaTensor))
