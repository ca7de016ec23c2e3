"""Garbled, cut off and odd DICOM: what comes is right, or what is wrong is refused by name; nothing else is raised."""

import itertools
import logging
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_cases import CASES
from dicom_cases.case import CORONAL, EVEN, truth_of
from dicom_cases.edits import IN_ORDER, on_slice, set_tags
from dicom_files import write_picture, write_report, write_series
from dicom_judge import Picture, Volume, fault
from monai.data import MetaTensor
from monai.transforms import EnsureChannelFirst
from pydicom import Dataset
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
        refusal = str(error)
    assert "\n" not in refusal
    return refusal


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
    given = CASES["Pictures"][name].make(tmp_path, tmp_path)
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
        for source in (tmp_path, series.files[3]):
            with pytest.raises(DicomError, match=f"{series.files[3].name}.*; "):
                load(source)


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
        "ct_chest_jpegprocess14sv1", "ct_chest_deflatedexplicitvrlittleendian", "us_rgb_bigendian", "ct_chest_jpeg2000",
        "mr_j2k_lossless_small", "us_multiframe65_ybr422_jpegbaseline",
    ],
)  # fmt: skip
def test_compressed_files_cut_off_are_refused(tmp_path: Path, single: Path, name: str) -> None:
    content = (single / f"{name}.dcm").read_bytes()
    path = tmp_path / "cut.dcm"
    for share in (0.5, 0.75, 0.9, 0.99):
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
    for source, value in (
        ([], "got none"),
        ([series.files[0], tmp_path], "cannot be opened"),
        ([series.files[0], tmp_path / "missing"], "cannot be opened"),
        (tmp_path / "a" / "b", "nothing at"),
        (series.files[0] / "frame_0001", "'frame_0001'"),
    ):
        with pytest.raises(DicomError, match=value):
            load(source)
    with pytest.raises(DicomError, match="got none"):
        MedicalImageReader().get_data([])


def test_archives_of_all_kinds_in_one_folder_give_each_series_by_its_name(tmp_path: Path) -> None:
    """Two CTs, an MR, a screenshot, a report, a localizer, a picture and notes."""
    ct, other = (write_series(tmp_path, along=EVEN[:count], edit=IN_ORDER) for count in (5, 4))
    mr = write_series(tmp_path, along=EVEN[:3], modality="MR", orientation=CORONAL)
    write_series(tmp_path, along=[0.0], edit=set_tags(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]))
    write_picture(tmp_path / "shot", np.zeros((4, 4, 3), np.uint8), SecondaryCaptureImageStorage, "CT")
    write_report(tmp_path / "report")
    (tmp_path / "notes.txt").write_text("notes")
    shutil.copy(tmp_path / "notes.txt", tmp_path / ".hidden")
    for series, values in ((ct, None), (other, None), (mr, mr.stored)):
        assert_right(tmp_path / series.uid, truth_of(series, values))
    assert_right(tmp_path, truth_of(ct))
    assert "5 slices" in load(tmp_path).meta["left_out"]


@pytest.mark.parametrize(("number", "spacing"), list(itertools.product([0, 3], [[0.8, 0.7], [0.6, 0.8]])))
def test_a_slice_of_another_spacing_is_left_out_and_said(tmp_path: Path, number: int, spacing: list[float]) -> None:
    series = write_series(tmp_path, along=EVEN[:4], edit=on_slice(number, PixelSpacing=spacing))
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
