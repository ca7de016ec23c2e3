"""Faulty headers and files are refused by name, each with a reason."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import pydicom
import pytest
from dicom_files import assert_same_places
from monai.transforms import LoadImage

from srs_monai.data.readers import DicomError, DicomReader

EXPLICIT = b"1.2.840.10008.1.2.1\0"  # the transfer syntax of what the tests write
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


def load(path: object, **options: Any) -> Any:
    return LoadImage(reader=DicomReader(**options), image_only=True)(path)


@pytest.mark.parametrize(
    ("tag", "value", "said"),
    [
        ("PixelSpacing", None, "has PixelSpacing, but .* has none"),
        ("PixelSpacing", [0, 0.5], "above 0 mm"),
        ("PixelSpacing", [0.5, 0.5, 0.5], r"PixelSpacing is 2 numbers, .* has \[0\.5, 0\.5, 0\.5\]"),
        ("ImagePositionPatient", None, "has ImagePositionPatient, but"),
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0], "two unit vectors at right angles"),
        ("RescaleSlope", None, "become HU by RescaleSlope and RescaleIntercept"),
        ("RescaleIntercept", "", "become HU"),
    ],
)
def test_one_slice_with_a_faulty_header_refuses_the_series(
    tmp_path: Path, write_series: Callable[..., Any], tag: str, value: Any, said: str
) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        if i == 3:
            delattr(dataset, tag)
            if value is not None:
                setattr(dataset, tag, value)

    write_series(tmp_path, edit=edit)
    with pytest.raises(DicomError, match=said):
        load(tmp_path)


def test_decimal_strings_longer_than_16_characters_are_read(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path, orientation=OBLIQUE)
    long = [f"{value:.20f}" for value in OBLIQUE]
    for path, position in zip(series.files, series.positions, strict=True):
        content = path.read_bytes()
        dataset = pydicom.dcmread(path)
        for tag, values in ((b"\x20\x00\x37\x00DS", long), (b"\x20\x00\x32\x00DS", [f"{v:.20f}" for v in position])):
            start = content.index(tag)
            length = int.from_bytes(content[start + 6 : start + 8], "little")
            text = "\\".join(values).encode()
            text += b" " * (len(text) % 2)
            content = content[: start + 6] + len(text).to_bytes(2, "little") + text + content[start + 8 + length :]
        path.write_bytes(content)
        assert len(str(dataset.ImageOrientationPatient[0])) <= 16
    assert_same_places(load(tmp_path), series)


def test_cut_off_slices_refuse_the_series_with_the_reason(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path)
    content = series.files[2].read_bytes()
    series.files[2].write_bytes(content[:-20])
    with pytest.raises(DicomError, match=rf"pixels of .*{series.files[2].name} cannot be read: .*less than expected"):
        load(tmp_path)
    series.files[2].write_bytes(content[:300])
    with pytest.raises(DicomError, match=rf"an image has Rows and Columns, but .*{series.files[2].name}"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"NumberOfFrames": 0}, "NumberOfFrames is at least 1, but .* has 0"),
        ({"NumberOfFrames": 3}, "one slice, of 3 frames without places"),
        ({"PixelSpacing": [-1, 1]}, r"PixelSpacing is above 0 mm, but .* has \(-1\.0, 1\.0\)"),
        ({"ImageOrientationPatient": [1, 0, 0, 0.5, 0.8, 0]}, "two unit vectors at right angles"),
        ({"ImageOrientationPatient": [0] * 6}, "two unit vectors at right angles"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 1]}, "ImageOrientationPatient is 6 numbers"),
        ({"RescaleSlope": 0}, "RescaleSlope is not 0"),
        ({"PixelSpacing": None, "ImagerPixelSpacing": [0.5, 0.5]}, "has PixelSpacing, but .* has none"),
        ({"Rows": 6}, "less than expected"),
        ({"Rows": 4}, "1 x 4 x 7 of 16 bits, but .* 70 bytes for 56; correct Rows"),
        ({"Columns": 6}, "1 x 5 x 6 of 16 bits, but .* 70 bytes for 60"),
        ({"Rows": 0}, "has Rows and Columns, but .* has none"),
        ({"BitsStored": 12, "HighBit": 15}, "has HighBit 15 and BitsStored 12"),
        ({"BitsStored": None, "HighBit": None}, "pixels of .* cannot be read: .*Bits Stored"),
        ({"PhotometricInterpretation": None}, "pixels of .* cannot be read: .*PhotometricInterpretation"),
        ({"PixelData": b""}, "1 x 5 x 7|no len|less than expected|has no"),
        ({"PixelData": None}, "an image has pixels, but .* ends before them"),
        ({"Modality": None, "RescaleSlope": None}, "CT values become HU"),
    ],
)
def test_odd_headers_are_refused_by_name(
    tmp_path: Path, write_series: Callable[..., Any], tags: dict[str, Any], said: str
) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        for tag, value in tags.items():
            if value is None and tag in dataset:
                delattr(dataset, tag)
            elif value is not None:
                setattr(dataset, tag, value)

    series = write_series(tmp_path, along=[0.0], edit=edit)
    with pytest.raises(DicomError, match=said) as refusal:
        load(series.files[0])
    assert series.files[0].name in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "said"), [(b"nan\\", "is 3 numbers"), (b"a.5\\", "cannot be read"), (b"1,5\\", "cannot")]
)
def test_positions_that_are_no_numbers_are_refused(
    tmp_path: Path, write_series: Callable[..., Any], text: bytes, said: str
) -> None:
    series = write_series(
        tmp_path, edit=lambda dataset, i: setattr(dataset, "ImagePositionPatient", ["1.5", "2.5", str(i)])
    )
    content = series.files[2].read_bytes()
    series.files[2].write_bytes(content.replace(b"1.5\\2.5\\", text + b"2.5\\"))
    with pytest.raises(DicomError, match=rf"{series.files[2].name}.* {said}|{said}.*{series.files[2].name}"):
        load(tmp_path)


def test_tags_that_decide_nothing_may_be_odd(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path, edit=lambda dataset, i: setattr(dataset, "KVP", "120.5"))
    for path in series.files:
        path.write_bytes(path.read_bytes().replace(b"120.5", b"120kV"))
    assert_same_places(load(tmp_path), series)


def test_files_that_are_no_dicom_are_refused_one_by_one(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    content = write_series(tmp_path / "s", along=[0.0]).files[0].read_bytes()
    first_tag = content.index(b"\x08\x00\x08\x00CS")
    syntax = content.index(b"\x02\x00\x10\x00UI")
    length = int.from_bytes(content[syntax + 6 : syntax + 8], "little")
    odd = {
        "empty.dcm": (b"", "lacks the mark 'DICM'"),
        "report.dcm": (b"%PDF-1.4" + bytes(1000), "lacks the mark 'DICM'"),
        "no_preamble": (content[132:], "lacks the mark 'DICM'"),
        "no_group_2": (content[:132] + content[first_tag:], "pixels of .* cannot be read: .*TransferSyntaxUID"),
        "no_syntax": (content[:syntax] + content[syntax + 8 + length :], "cannot be read: .*TransferSyntaxUID"),
        "another_syntax": (content.replace(EXPLICIT, b"1.2.840.10008.1.2.5\0"), "cannot be read"),
        "no_such_syntax": (content.replace(EXPLICIT, b"1.2.3.4.5.6.7.8.9.1\0"), "not a transfer syntax"),
        **{f"cut_{end}": (content[:end], "; ") for end in range(132, len(content) - 1, 37)},
    }
    for name, (written, said) in odd.items():
        (tmp_path / name).write_bytes(written)
        with pytest.raises(DicomError, match=said) as refusal:
            load(tmp_path / name)
        assert name in str(refusal.value)


def test_links_to_nothing_pipes_and_empty_files_are_no_slices(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "done.txt").touch()
    os.mkfifo(tmp_path / "pipe")
    volume = load(tmp_path)
    assert_same_places(volume, series)
    for said in ("loop (no file, or a link to none)", "the folder folder", "done.txt (empty)", "pipe (no file"):
        assert said in volume.meta["left_out"]
    with pytest.raises(DicomError, match="no file or series loop in"):
        load(tmp_path / "loop")
    (tmp_path / "lost").touch()  # named like a slice, without an ending
    with pytest.raises(DicomError, match="lost is empty; fetch it again, or take it away"):
        load(tmp_path)


def test_what_cannot_be_opened_is_refused_by_name(
    tmp_path: Path, write_series: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    series = write_series(tmp_path)
    forbidden = PermissionError(13, "Permission denied")

    def deny(*_: object, **__: object) -> None:
        raise forbidden

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", deny)
        with pytest.raises(DicomError, match=r"cannot be listed: .*Permission denied; change its permissions"):
            load(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "is_dir", deny)
        with pytest.raises(DicomError, match=r"cannot be opened: .*Permission denied"):
            load(tmp_path)
    monkeypatch.setattr("srs_monai.dicom.header.is_dicom", deny)
    with pytest.raises(DicomError, match=rf"{series.files[0].name} cannot be opened: .*Permission denied"):
        load(series.files[0])


@pytest.mark.parametrize(
    ("name", "tag", "said"),
    [
        ("ct_chest_jpeg2000losslessonly", "Rows", "header states, 500 x 512 x 1 samples, .* are 512 x 512 x 1"),
        ("ct_chest_jpeglslossless", "Columns", "header states, 512 x 500 x 1 samples, .* are 512 x 512 x 1"),
        ("ct_chest_jpegprocess14sv1", "Rows", "header states, 500 x 512 x 1 samples, .* are 512 x 512 x 1"),
        ("sc_rgb_htj2k_lossless", "SamplesPerPixel", "header states, 480 x 640 x 1 samples, .* are 480 x 640 x 3"),
        ("ct_chest_rlelossless", "Columns", "header states, 512 x 500 x 1 samples, .* are 6144 more"),
    ],
)
def test_compressed_pixels_of_another_size_are_refused(
    datasets: Path, tmp_path: Path, name: str, tag: str, said: str
) -> None:
    dataset = pydicom.dcmread(datasets / "dicom" / "single" / f"{name}.dcm")
    setattr(dataset, tag, 1 if tag == "SamplesPerPixel" else 500)
    if tag == "SamplesPerPixel":
        dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.save_as(tmp_path / "odd.dcm")
    with pytest.raises(DicomError, match=said):
        load(tmp_path / "odd.dcm")


@pytest.mark.parametrize(
    "name", ["us_multiframe65_ybr422_jpegbaseline", "ct_chest_jpeg2000", "us_rgb_rle", "mr_j2k_lossless_small"]
)
def test_cut_off_compressed_pixels_are_refused(datasets: Path, tmp_path: Path, name: str) -> None:
    content = (datasets / "dicom" / "single" / f"{name}.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(content[: len(content) * 3 // 4])
    with pytest.raises(DicomError, match=r"cut\.dcm"):
        load(tmp_path / "cut.dcm")
