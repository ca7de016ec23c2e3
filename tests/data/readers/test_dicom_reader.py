"""Every voxel keeps its value and its place in the patient, or the series is refused."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
from monai.transforms import LoadImage
from pydicom.uid import ComprehensiveSRStorage, SegmentationStorage, UltrasoundImageStorage

from srs_monai.data.readers import DicomError, DicomReader

AXIAL = (1, 0, 0, 0, 1, 0)
CORONAL = (1, 0, 0, 0, 0, -1)
SAGITTAL = (0, 1, 0, 0, 0, -1)
OBLIQUE = tuple((nib.eulerangles.euler2mat(0.3, -0.4, 0.2)[:, :2].T).ravel())


def load(path: object) -> Any:
    return LoadImage(reader=DicomReader(), image_only=True)(path)


def assert_same_places_and_values(volume: Any, series: Any, orientation: tuple[float, ...]) -> None:
    """Walk all pixels of all files by DICOM's own equation and look them up in the volume."""
    assert volume.shape == (series.stored.shape[2], series.stored.shape[1], series.stored.shape[0])
    inverse = np.linalg.inv(volume.affine.numpy())
    across, down = np.array(orientation).reshape(2, 3)
    rows, columns = np.indices(series.stored.shape[1:])
    for stored, position in zip(series.stored, series.positions, strict=True):
        lps = position[:, None, None] + np.multiply.outer(across, columns * 0.6) + np.multiply.outer(down, rows * 0.8)
        ras = np.concatenate([lps * np.array([-1, -1, 1])[:, None, None], np.ones((1, *rows.shape))])
        index = np.tensordot(inverse, ras, axes=1)[:3]
        np.testing.assert_allclose(index, index.round(), atol=1e-6)
        np.testing.assert_array_equal(volume.numpy()[tuple(index.round().astype(int))], stored - 1024.0)


@pytest.mark.parametrize("orientation", [AXIAL, CORONAL, SAGITTAL, OBLIQUE, (-1, 0, 0, 0, 1, 0)])
def test_every_pixel_keeps_its_value_and_place(
    tmp_path: Path, write_series: Callable[..., Any], orientation: tuple[float, ...]
) -> None:
    series = write_series(tmp_path / "s", along=np.arange(20) * 2.5, orientation=orientation)
    volume = load(series.folder)
    assert volume.dtype.is_floating_point
    assert volume.meta["modality"] == "CT"
    assert volume.meta["series_uid"] == series.uid
    assert_same_places_and_values(volume, series, orientation)
    np.testing.assert_allclose(np.linalg.norm(volume.affine.numpy()[:3, :3], axis=0), [0.6, 0.8, 2.5])


def test_a_list_of_files_is_a_series(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path)
    assert_same_places_and_values(load(series.files[::-1]), series, AXIAL)


@pytest.mark.parametrize("name", ["ct_series_crlm1004", "ct_series_ibsi1", "ct_3slice_for_seg_liver"])
def test_real_series_are_as_highdicom_reads_them_but_for_padding(datasets: Path, name: str) -> None:
    folder = datasets / "dicom" / name
    files = [pydicom.dcmread(path) for path in folder.iterdir()]
    theirs = hd.image.get_volume_from_series(files, dtype=np.float32).permute_spatial_axes((2, 1, 0)).flip_spatial(2)
    ours = load(folder)
    np.testing.assert_array_equal(ours.numpy(), np.where(theirs.array == -3024, -1024, theirs.array))
    np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ ours.affine.numpy(), theirs.affine, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("ct_series_totalseg_j2k", "ct_abdomen/totalseg_dicom20_ct.nii.gz"),
        ("ct_series_ibsi1", "ct_ibsi1/ibsi1_ct.nii.gz"),
    ],
)
def test_a_series_and_its_nifti_twin_agree_voxel_by_voxel(datasets: Path, name: str, twin: str) -> None:
    volume = load(datasets / "dicom" / name)
    ours = nib.as_closest_canonical(nib.Nifti1Image(volume.numpy(), volume.affine.numpy()))
    theirs = nib.as_closest_canonical(nib.load(datasets / twin))
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-6)
    np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())


def test_channels_come_first(datasets: Path) -> None:
    loader = LoadImage(reader=DicomReader(), image_only=True, ensure_channel_first=True)
    assert loader(datasets / "dicom" / "ct_3slice_for_seg_liver").shape == (1, 512, 512, 3)


def test_missing_slices_are_refused_with_their_positions(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    write_series(tmp_path, along=[0, 2.5, 5, 12.5, 15, 20])
    with pytest.raises(
        DicomError, match=r"every 2\.50 mm from 33\.00 to 53\.00 mm, lacks 3: 40\.50 mm, 43\.00 mm, 50\.50"
    ):
        load(tmp_path)


def test_doubled_slices_are_refused_with_their_positions(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(tmp_path, along=[0, 2.5, 2.5, 5])
    first, second = sorted([series.files[1].name, series.files[2].name])
    with pytest.raises(DicomError, match=rf"more at 35\.50 mm \(({first}, {second}|{second}, {first})\)"):
        load(tmp_path)


def test_uneven_spacing_is_refused_with_the_positions(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    write_series(tmp_path, along=[0, 2.5, 5, 8.2, 10.7])
    with pytest.raises(DicomError, match=r"usually every 2\.50 mm, has 3\.20 mm between 38\.00 and 41\.20 mm"):
        load(tmp_path)


def test_positions_in_tenths_of_a_millimetre_are_even(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    along = np.round(np.arange(30) * 0.625, 1)
    series = write_series(tmp_path, along=along)
    volume = load(tmp_path)
    assert volume.affine[2, 2].item() == pytest.approx((along[-1] - along[0]) / 29)
    np.testing.assert_array_equal(volume.numpy()[:, :, 7], series.stored[7].T - 1024.0)


@pytest.mark.parametrize("degrees", [1.0, 15.0])
def test_gantry_tilt_is_refused_with_its_angle(
    tmp_path: Path, write_series: Callable[..., Any], degrees: float
) -> None:
    write_series(tmp_path, along=np.arange(40) * 2.5, aside=np.tan(np.radians(degrees)))
    with pytest.raises(DicomError, match=rf"drift .* {degrees:.1f} degrees \(gantry tilt\)"):
        load(tmp_path)


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


def test_the_largest_series_is_read_and_the_choice_is_said(
    tmp_path: Path, write_series: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    large, small = write_series(tmp_path), write_series(tmp_path, along=[0, 5, 10])
    volume = load(tmp_path)
    assert_same_places_and_values(volume, large, AXIAL)
    said = f"of several series the largest is read, {large.uid} (5 slices), {small.uid} (3 slices)"
    assert said in volume.meta["left_out"]
    assert said in caplog.text
    assert_same_places_and_values(load(tmp_path / small.uid), small, AXIAL)


def test_series_of_one_size_are_refused_by_folder_and_read_by_name(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    one, other = write_series(tmp_path), write_series(tmp_path)
    with pytest.raises(DicomError, match=r"none is the largest: .*5 slices.*5 slices.*SERIES_UID"):
        load(tmp_path)
    for series in (one, other):
        assert_same_places_and_values(load(tmp_path / series.uid), series, AXIAL)
    with pytest.raises(DicomError, match=r"no file or series 1\.2\.3"):
        load(tmp_path / "1.2.3")


@pytest.mark.parametrize("odd", ["size", "orientation", "spacing", "frame of reference"])
def test_slices_of_another_grid_are_never_mixed_in(tmp_path: Path, write_series: Callable[..., Any], odd: str) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        if i != 4:
            return
        if odd == "size":
            dataset.Rows, dataset.Columns = dataset.Columns, dataset.Rows
        elif odd == "orientation":
            dataset.ImageOrientationPatient = list(CORONAL)
        elif odd == "spacing":
            dataset.PixelSpacing = [0.8, 0.7]
        else:
            dataset.FrameOfReferenceUID = "1.2.3"

    write_series(tmp_path, edit=edit)
    if odd == "frame of reference":
        with pytest.raises(DicomError, match="share a frame of reference"):
            load(tmp_path)
    else:
        volume = load(tmp_path)
        assert volume.shape == (7, 5, 4)
        assert "of several grids in series" in volume.meta["left_out"]


def test_what_is_no_slice_is_left_out_with_a_line(
    tmp_path: Path,
    write_series: Callable[..., Any],
    write_picture: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    series = write_series(tmp_path)

    def localizer(dataset: pydicom.Dataset, i: int) -> None:
        dataset.SeriesInstanceUID = series.uid
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    write_series(tmp_path, along=range(9), edit=localizer)
    nothing = np.zeros((2, 2), np.uint8)
    write_picture(tmp_path / "report", nothing, ComprehensiveSRStorage, "SR", Rows=None)
    write_picture(tmp_path / "mask.dcm", nothing, SegmentationStorage, "SEG")
    (tmp_path / "notes.txt").write_text("x" * 200)
    (tmp_path / ".hidden").write_bytes(b"")
    (tmp_path / "sub").mkdir()
    volume = load(tmp_path)
    assert_same_places_and_values(volume, series, AXIAL)
    for said in (
        "report (of class Comprehensive SR Storage, without pixels)",
        "mask.dcm (a segmentation)",
        "notes.txt (no DICOM file",
        ".hidden (hidden)",
        "the folder sub",
        "9 localizers",
    ):
        assert said in volume.meta["left_out"]
        assert said in caplog.text


def test_folders_without_a_series_are_refused(tmp_path: Path, write_picture: Callable[..., Path]) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DicomError, match="holds no DICOM images"):
        load(tmp_path)
    with pytest.raises(DicomError, match="nothing at"):
        load(tmp_path / "a" / "b")
    write_picture(tmp_path / "us" / "a", np.zeros((2, 2), np.uint8), UltrasoundImageStorage, "US")
    with pytest.raises(DicomError, match="holds 1 files that hold a picture; name a folder of slices, or a file"):
        load(tmp_path / "us")


def test_each_slice_is_rescaled_by_its_own_slope(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{1 + i / 4}", f"{-1000 - i}"

    series = write_series(tmp_path, edit=edit)
    expected = series.stored * (1 + np.arange(5) / 4)[:, None, None] - (1000 + np.arange(5))[:, None, None]
    np.testing.assert_array_equal(load(tmp_path).numpy(), expected.transpose(2, 1, 0).astype(np.float32))


def test_hounsfield_units_do_not_depend_on_monochrome1(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    series = write_series(
        tmp_path, edit=lambda dataset, i: setattr(dataset, "PhotometricInterpretation", "MONOCHROME1")
    )
    assert_same_places_and_values(load(tmp_path), series, AXIAL)


def test_mr_in_monochrome1_is_inverted(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME1", 0
        dataset.BitsStored, dataset.HighBit = 12, 11

    series = write_series(tmp_path, modality="MR", edit=edit)
    np.testing.assert_array_equal(load(tmp_path).numpy(), 4095.0 - series.stored.transpose(2, 1, 0))


@pytest.mark.parametrize("value", [-2000, 63536])  # the same bits, signed and unsigned
def test_padding_of_a_ct_becomes_air(tmp_path: Path, write_series: Callable[..., Any], value: int) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        pixels = np.frombuffer(dataset.PixelData, np.int16).copy()
        pixels[:3] = -2000
        dataset.PixelData = pixels.tobytes()
        dataset.add_new("PixelPaddingValue", "US" if value > 0 else "SS", value)

    write_series(tmp_path, edit=edit)
    volume = load(tmp_path).numpy()
    assert (volume[:3, 0] == -1024).all()
    assert volume.min() >= -1024


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
    assert_same_places_and_values(load(tmp_path), series, OBLIQUE)


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
    ("tags", "thickness"),
    [
        ({"SliceThickness": 2.5, "SpacingBetweenSlices": 3.0}, 3.0),
        ({"SliceThickness": 2.5}, 2.5),
        ({"SliceThickness": None}, 1.0),
        ({"SliceThickness": 0, "SpacingBetweenSlices": -4.0}, 4.0),
    ],
)
def test_a_single_slice_is_as_thick_as_its_header_says(
    tmp_path: Path, write_series: Callable[..., Any], tags: dict[str, Any], thickness: float
) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        for tag, value in tags.items():
            setattr(dataset, tag, value)

    series = write_series(tmp_path, along=[4.0], orientation=SAGITTAL, edit=edit)
    for source in (tmp_path, series.files[0]):
        volume = load(source)
        assert_same_places_and_values(volume, series, SAGITTAL)
        assert np.linalg.norm(volume.affine.numpy()[:3, 2]) == pytest.approx(thickness)


def test_an_enhanced_object_equals_the_series_it_was_made_from(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    def edit(dataset: pydicom.Dataset, i: int) -> None:
        dataset.RescaleSlope = f"{1 + i / 4}"
        dataset.InstanceNumber, dataset.AcquisitionNumber = i + 1, 1

    series = write_series(tmp_path / "s", orientation=OBLIQUE, edit=edit)
    slices = [pydicom.dcmread(path) for path in series.files]
    enhanced = hd.legacy.LegacyConvertedEnhancedCTImage(
        slices, series_instance_uid=hd.UID(), series_number=2, sop_instance_uid=hd.UID(), instance_number=1
    )
    enhanced.save_as(tmp_path / "enhanced.dcm")
    ours, theirs = load(tmp_path / "enhanced.dcm"), load(series.folder)
    back = nib.orientations.ornt_transform(
        nib.io_orientation(ours.affine.numpy()), nib.io_orientation(theirs.affine.numpy())
    )
    image = nib.Nifti1Image(ours.numpy(), ours.affine.numpy()).as_reoriented(back)
    np.testing.assert_allclose(image.affine, theirs.affine.numpy(), atol=1e-6)
    np.testing.assert_allclose(image.get_fdata(), theirs.numpy(), atol=1e-3)
