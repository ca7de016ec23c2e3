"""DICOM without a position in the patient: pictures, rows first, colours and greys by rule."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pytest
from monai.transforms import LoadImage
from pydicom.uid import ComputedRadiographyImageStorage, SecondaryCaptureImageStorage, UltrasoundImageStorage

from srs_monai.data.readers import DicomError, DicomReader

LOSSLESS = [
    "littleendianimplicit", "bigendianexplicit", "deflatedexplicitvrlittleendian", "jpeg2000losslessonly",
    "jpeglslossless", "jpegprocess14sv1", "jpegprocess14", "rlelossless",
]  # fmt: skip


def load(path: Path) -> Any:
    return LoadImage(reader=DicomReader(), image_only=True, ensure_channel_first=True)(path)


GPL = find_spec("libjpeg") is not None  # the extra with the decoder of 12-bit JPEG Extended


@pytest.fixture
def single(datasets: Path) -> Path:
    return datasets / "dicom" / "single"


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_one_slice_is_the_same_in_every_lossless_transfer_syntax(single: Path, syntax: str) -> None:
    expected = load(single / "ct_chest_littleendianexplicit.dcm")
    assert expected.shape == (1, 512, 512, 1)
    volume = load(single / f"ct_chest_{syntax}.dcm")
    np.testing.assert_array_equal(volume.numpy(), expected.numpy())
    np.testing.assert_array_equal(volume.affine.numpy(), expected.affine.numpy())


@pytest.mark.parametrize(("syntax", "bound"), [("jpeglslossy", 1), ("jpeg2000", 5)])
def test_lossy_transfer_syntaxes_stay_within_their_bounds(single: Path, syntax: str, bound: int) -> None:
    difference = load(single / f"ct_chest_{syntax}.dcm") - load(single / "ct_chest_littleendianexplicit.dcm")
    assert 0 < difference.abs().max() <= bound


def test_values_rescaled_before_jpeg_are_rescaled_back(single: Path) -> None:
    difference = load(single / "ct_chest_jpegprocess1.dcm") - load(single / "ct_chest_littleendianexplicit.dcm")
    assert difference.abs().median() < 33  # one of its 8-bit steps is 32 HU


@pytest.mark.skipif(GPL, reason="the extra gpl brings the decoder")
def test_a_missing_decoder_is_named(single: Path) -> None:
    for name in ("ct_chest_jpegprocess2_4", "ct_enhanced_2frame_jpeg_extended_fragmented"):
        with pytest.raises(DicomError, match=rf"{name}.*12-bit precision.*pip install 'srs_monai\[gpl\]'"):
            load(single / f"{name}.dcm")


@pytest.mark.skipif(not GPL, reason="the extra gpl is not installed")
def test_jpeg_extended_of_12_bits_is_read_with_the_extra(single: Path) -> None:
    difference = load(single / "ct_chest_jpegprocess2_4.dcm") - load(single / "ct_chest_littleendianexplicit.dcm")
    assert difference.abs().median() < 33
    assert load(single / "ct_enhanced_2frame_jpeg_extended_fragmented.dcm").shape == (1, 512, 512, 2)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("us_rgb_uncompressed", (3, 120, 256)),
        ("us_rgb_bigendian", (3, 480, 640)),
        ("us_rgb_rle", (3, 480, 640)),
        ("us_ybr_full_422_uncompressed", (3, 555, 800)),
        ("us_ybr_rct_j2k_lossless", (3, 480, 640)),
        ("us_ybr_ict_j2k_lossy", (3, 480, 640)),
        ("us_palette_rle", (3, 600, 800)),
        ("us_mono_jpegls", (1, 768, 1024)),
        ("sc_ybr_full_jpegbaseline", (3, 434, 636)),
        ("vl_histology_ybr_rct_j2k_lossless", (3, 486, 756)),
    ],
)
def test_real_pictures_are_rows_first_with_colours_as_channels(single: Path, name: str, shape: tuple[int, ...]) -> None:
    picture = load(single / f"{name}.dcm")
    assert picture.shape == shape
    assert picture.meta["stored_max"] == 255
    assert picture.meta["spacing_unit"] == "pixels"
    assert picture.meta["modality"] == ("US" if name.startswith("us") else "OT")
    expected = pydicom.dcmread(single / f"{name}.dcm").pixel_array
    if name == "us_palette_rle":
        expected = hd.imread(single / f"{name}.dcm").get_frame(1) // 256  # the table's entries have 16 bits
    np.testing.assert_array_equal(picture.numpy(), expected.reshape(*shape[1:], shape[0]).transpose(2, 0, 1))


def test_planes_of_colour_are_the_same_picture(single: Path) -> None:
    expected = load(single / "us_rgb_uncompressed.dcm")
    np.testing.assert_array_equal(load(single / "us_rgb_planar1.dcm").numpy(), expected.numpy())


def test_rows_and_channels_are_where_they_were_written(tmp_path: Path, write_picture: Callable[..., Path]) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    path = write_picture(tmp_path / "rgb", stored, UltrasoundImageStorage, "US")
    np.testing.assert_array_equal(load(path).numpy(), stored.transpose(2, 0, 1))


def test_monochrome1_is_inverted(single: Path) -> None:
    picture = load(single / "cr_monochrome1.dcm")
    stored = pydicom.dcmread(single / "cr_monochrome1.dcm").pixel_array
    np.testing.assert_array_equal(picture.numpy()[0], 1023.0 - stored)
    assert picture.meta["stored_max"] == 1023


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "IDENTITY", False),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME2", None, False),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_the_presentation_shape_goes_before_the_photometric_interpretation(
    tmp_path: Path,
    write_picture: Callable[..., Path],
    photometric: str,
    shape: str | None,
    inverted: bool,
    dtype: type,
) -> None:
    stored = np.arange(12, dtype=dtype).reshape(3, 4)
    tags = {"PhotometricInterpretation": photometric} | ({"PresentationLUTShape": shape} if shape else {})
    path = write_picture(tmp_path / "cr", stored, ComputedRadiographyImageStorage, "CR", **tags)
    top = 65535 if dtype is np.uint16 else -1
    np.testing.assert_array_equal(load(path).numpy()[0], top - stored.astype(int) if inverted else stored)


def test_a_palette_of_greys_is_one_channel(tmp_path: Path, write_picture: Callable[..., Path]) -> None:
    stored = np.array([[0, 1], [2, 1]], dtype=np.uint8)
    ramp = np.array([0, 100 << 8, 255 << 8], dtype=np.uint16)
    tags: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        tags[f"{colour}PaletteColorLookupTableDescriptor"] = [3, 0, 16]
        tags[f"{colour}PaletteColorLookupTableData"] = ramp.tobytes()
    grey = load(write_picture(tmp_path / "grey", stored, UltrasoundImageStorage, "US", **tags))
    np.testing.assert_array_equal(grey.numpy(), [[[0, 100], [255, 100]]])
    tags["BluePaletteColorLookupTableData"] = (ramp // 2).tobytes()
    colour_picture = load(write_picture(tmp_path / "colour", stored, UltrasoundImageStorage, "US", **tags))
    np.testing.assert_array_equal(colour_picture.numpy()[:, 0, 1], [100, 100, 50])


@pytest.mark.parametrize(("slope", "stored_max"), [(1, 255.0), (2, None)])
def test_rescaled_pictures_have_no_full_scale(
    tmp_path: Path, write_picture: Callable[..., Path], slope: int, stored_max: float | None
) -> None:
    stored = np.arange(12, dtype=np.uint8).reshape(3, 4)
    path = write_picture(
        tmp_path / "sc", stored, SecondaryCaptureImageStorage, "CT", RescaleSlope=slope, RescaleIntercept=0
    )
    picture = load(path)
    np.testing.assert_array_equal(picture.numpy()[0], stored * slope)
    assert picture.meta.get("stored_max") == stored_max
    assert picture.meta["modality"] == "OT"  # not HU, whatever the file says


def test_a_modality_table_is_looked_up(single: Path) -> None:
    picture = load(single / "modality_lut.dcm")
    assert (picture.min(), picture.max()) == (0, 65535)


def test_each_frame_of_a_sequence_is_a_picture(single: Path) -> None:
    path = single / "us_multiframe65_ybr422_jpegbaseline.dcm"
    with pytest.raises(DicomError, match=r"frame_0001 to frame_0065 below .*'frame_0066'"):
        load(path / "frame_0066")
    frames = pydicom.dcmread(path).pixel_array
    sequence = load(path)
    assert sequence.shape == (3, 456, 576, 65)
    assert (sequence.meta["spacing_unit"], sequence.meta["stored_max"]) == ("pixels", 255)
    np.testing.assert_array_equal(sequence.numpy(), frames.transpose(3, 1, 2, 0))
    for number in (1, 40, 65):
        np.testing.assert_array_equal(load(path / f"frame_{number:04d}").numpy(), frames[number - 1].transpose(2, 0, 1))
