"""DICOM segmentations and structure sets become class numbers on the grid of their image."""

import logging
from pathlib import Path
from typing import Any

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_files import Series, write_series
from dicom_labels import write_rtstruct, write_seg
from numpy.typing import NDArray

from srs_monai.data.readers import DicomError, MedicalImageReader
from srs_monai.data.readers.dicom_label import dicom_label, label_map

ORIENTATIONS = {
    "axial": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "prone": (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0),
    "sagittal": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    "oblique": (0.8, 0.6, 0.0, -0.6, 0.8, 0.0),
}


@pytest.fixture(params=ORIENTATIONS)
def series(request: pytest.FixtureRequest, tmp_path: Path) -> Series:
    """Five slices of 5 rows and 7 columns, 35 pixels a frame: no whole number of bytes of a bit each."""
    return write_series(tmp_path / "ct", orientation=ORIENTATIONS[request.param])


def masks_of(series: Series, *numbers: int) -> dict[str, NDArray[np.bool_]]:
    """Masks on the slices, none of them on the first, named after their numbers."""
    masks = {f"organ {n}": np.random.default_rng(n).integers(0, 4, series.stored.shape) == 0 for n in numbers}
    for mask in masks.values():
        mask[0] = False
    return masks


def mapped(path: Path, image: Path, wanted: dict[str, int] | None = None) -> NDArray[np.float32]:
    array, meta = MedicalImageReader().get_data(image)
    label = dicom_label(path)
    assert label is not None
    return label_map(label, array.shape, meta["affine"], wanted)


def in_volume(series: Series, mask: NDArray[Any]) -> NDArray[Any]:
    """(slices, rows, columns) as files have it, in the order of the volume."""
    along = series.positions @ np.cross(*np.array(series.orientation).reshape(2, 3))
    return mask[np.argsort(along)].transpose(2, 1, 0)


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_segments_lie_where_they_were_drawn(series: Series, tmp_path: Path, kind: str) -> None:
    masks = masks_of(series, 1, 2)
    masks["organ 2"] &= ~masks["organ 1"]
    path = write_seg(tmp_path / "seg.dcm", series.files, masks, kind)
    expected = in_volume(series, masks["organ 1"] + 2 * masks["organ 2"])
    np.testing.assert_array_equal(mapped(path, series.folder), expected)
    np.testing.assert_array_equal(mapped(path, series.folder, {"organ 2": 1}), in_volume(series, masks["organ 2"]))


def test_segments_agree_with_highdicom(series: Series, tmp_path: Path) -> None:
    path = write_seg(tmp_path / "seg.dcm", series.files, masks_of(series, 1))
    volume = hd.seg.segread(path).get_volume(segment_numbers=[1], combine_segments=True)
    image = nib.Nifti1Image(volume.array, np.diag([-1, -1, 1, 1]) @ volume.affine)
    found = mapped(path, series.folder)
    points = np.argwhere(found)
    affine = MedicalImageReader().get_data(series.folder)[1]["affine"]
    ras = nib.affines.apply_affine(affine, points)
    index = np.rint(nib.affines.apply_affine(np.linalg.inv(image.affine), ras)).astype(int)
    assert volume.array.sum() == len(points)
    assert volume.array[tuple(index.T)].all()


def test_contours_lie_where_they_were_drawn(series: Series, tmp_path: Path) -> None:
    """A square round columns 2 to 4 and rows 1 to 2 of each of two slices."""
    across, down = np.array(series.orientation).reshape(2, 3)
    corners = np.array([(1.5, 0.5), (4.5, 0.5), (4.5, 2.5), (1.5, 2.5)])
    contours = [
        (
            "CLOSED_PLANAR",
            series.positions[i] + np.outer(corners[:, 0] * 0.6, across) + np.outer(corners[:, 1] * 0.8, down),
        )
        for i in (1, 3)
    ]
    mask = np.zeros(series.stored.shape, bool)
    mask[[1, 3], 1:3, 2:5] = True
    path = write_rtstruct(tmp_path / "rt.dcm", [("body", []), ("GTV", contours)])
    np.testing.assert_array_equal(mapped(path, series.folder, {"GTV": 3}), 3 * in_volume(series, mask))


def test_contours_on_tilted_slices_lie_on_the_straight_grid(tmp_path: Path) -> None:
    stored = np.zeros((5, 14, 16), np.int16)
    stored[1:4, 3:9, 4:12] = 1000
    series = write_series(tmp_path / "ct", aside=0.26, stored=stored)
    corners = np.array([(3.5, 2.5), (11.5, 2.5), (11.5, 8.5), (3.5, 8.5)]) * [0.6, 0.8]
    contours = [("CLOSED_PLANAR", series.positions[i] + np.pad(corners, ((0, 0), (0, 1)))) for i in (1, 2, 3)]
    path = write_rtstruct(tmp_path / "rt.dcm", [("box", contours)])
    image = MedicalImageReader().get_data(series.folder)[0] > -524
    found = mapped(path, series.folder) > 0
    assert image.shape[1] > 14
    assert 2 * (image & found).sum() / (image.sum() + found.sum()) > 0.95
    seg = write_seg(tmp_path / "seg.dcm", series.files, {"box": stored > 0})
    with pytest.raises(DicomError, match=r"up to 0\.\d+ voxels"):
        mapped(seg, series.folder)


@pytest.mark.parametrize("turned", [[[0, 1], [1, 1], [2, 1]], [[1, -1], [0, 1], [2, -1]]])
def test_the_image_may_be_nifti(series: Series, tmp_path: Path, turned: list[list[int]]) -> None:
    array, meta = MedicalImageReader().get_data(series.folder)
    image = nib.Nifti1Image(array, meta["affine"]).as_reoriented(np.array(turned))
    nib.save(image, tmp_path / "ct.nii.gz")
    path = write_seg(tmp_path / "seg.dcm", series.files, masks_of(series, 1))
    expected = nib.Nifti1Image(mapped(path, series.folder), meta["affine"]).as_reoriented(np.array(turned))
    np.testing.assert_array_equal(mapped(path, tmp_path / "ct.nii.gz"), expected.get_fdata())
    across, down = np.array(series.orientation).reshape(2, 3)
    corners = np.array([(1.5, 0.5), (4.5, 0.5), (4.5, 2.5), (1.5, 2.5)]) * [0.6, 0.8]
    points = series.positions[2] + np.outer(corners[:, 0], across) + np.outer(corners[:, 1], down)
    contours = write_rtstruct(tmp_path / "rt.dcm", [("GTV", [("CLOSED_PLANAR", points)])])
    expected = nib.Nifti1Image(mapped(contours, series.folder), meta["affine"]).as_reoriented(np.array(turned))
    np.testing.assert_array_equal(mapped(contours, tmp_path / "ct.nii.gz"), expected.get_fdata())


def test_of_overlapping_segments_the_higher_number_holds(
    series: Series, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    masks = masks_of(series, 1, 2)
    path = write_seg(tmp_path / "seg.dcm", series.files, masks)
    shared = int((masks["organ 1"] & masks["organ 2"]).sum())
    assert shared
    for wanted, highest in (({"organ 1": 1, "organ 2": 2}, "organ 2"), ({"organ 1": 2, "organ 2": 1}, "organ 1")):
        caplog.clear()
        found = mapped(path, series.folder, wanted)
        np.testing.assert_array_equal(found == 2, in_volume(series, masks[highest]))
        assert f"1 and 2 in {shared} voxels" in caplog.text


def test_segments_of_one_name_are_one_class(series: Series, tmp_path: Path) -> None:
    masks = masks_of(series, 1, 2)
    path = write_seg(tmp_path / "seg.dcm", series.files, masks)
    made = pydicom.dcmread(path)
    for segment in made.SegmentSequence:
        segment.SegmentLabel = "lesion"
    made.save_as(path)
    union = in_volume(series, masks["organ 1"] | masks["organ 2"])
    np.testing.assert_array_equal(mapped(path, series.folder, {"lesion": 1}), union)


def test_names_are_taken_to_the_letter(tmp_path: Path) -> None:
    series = write_series(tmp_path / "ct")
    path = write_seg(tmp_path / "seg.dcm", series.files, masks_of(series, 1, 2))
    with pytest.raises(DicomError, match=r"seg.dcm has no 'Organ 1', .* organ 1, organ 2;"):
        mapped(path, series.folder, {"Organ 1": 1, "organ 2": 2})
    several = write_rtstruct(tmp_path / "rt.dcm", [("GTV", []), ("lung", [])])
    with pytest.raises(DicomError, match=r"rt.dcm has 2 .*\(GTV, lung\)"):
        mapped(several, series.folder)
    assert not mapped(several, series.folder, {"GTV": 1}).any()
    assert not mapped(write_rtstruct(tmp_path / "one.dcm", [("GTV", [])]), series.folder).any()


def test_a_folder_with_one_file_stands_for_it(tmp_path: Path) -> None:
    series = write_series(tmp_path / "ct")
    path = write_seg(tmp_path / "seg" / "1-1.dcm", series.files, masks_of(series, 1))
    found = dicom_label(tmp_path / "seg")
    assert found is not None
    assert (found.path, found.regions, found.contours) == (path, {1: "organ 1"}, False)
    assert dicom_label(series.folder) is None
    assert dicom_label(series.files[0]) is None
    assert dicom_label(tmp_path / "nothing") is None


def test_segments_of_another_grid_are_refused(tmp_path: Path) -> None:
    series = write_series(tmp_path / "ct")
    path = write_seg(tmp_path / "seg.dcm", series.files, masks_of(series, 1))
    finer = write_series(tmp_path / "finer", spacing=(0.4, 0.3))
    with pytest.raises(DicomError, match=r"seg.dcm has another size or direction"):
        mapped(path, finer.folder)
    shorter = write_series(tmp_path / "shorter", along=[0.0, 2.5])
    with pytest.raises(DicomError, match=r"a segment of .*seg.dcm"):
        mapped(path, shorter.folder)


def test_fractions_are_refused(tmp_path: Path) -> None:
    series = write_series(tmp_path / "ct")
    path = write_seg(tmp_path / "seg.dcm", series.files, masks_of(series, 1), "FRACTIONAL")
    with pytest.raises(DicomError, match=r"seg.dcm holds fractions; save it as"):
        dicom_label(path)


def test_broken_files_are_named(tmp_path: Path) -> None:
    series = write_series(tmp_path / "ct")
    path = write_seg(tmp_path / "seg.dcm", series.files, masks_of(series, 1))
    made = pydicom.dcmread(path)
    made.PixelData = made.PixelData[:4]
    made.save_as(path)
    with pytest.raises(DicomError, match=r"the segments of .*seg.dcm cannot be read"):
        mapped(path, series.folder)
    del made.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence
    made.save_as(path)
    del made.SegmentSequence
    made.save_as(path)
    with pytest.raises(DicomError, match=r"the header of .*seg.dcm cannot be read"):
        dicom_label(path)


def test_real_segmentations(datasets: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    dicom = datasets / "dicom"
    liver = mapped(dicom / "single" / "seg_liver_3frame_binary.dcm", dicom / "ct_3slice_for_seg_liver")
    assert [int(mask.sum()) for mask in liver.transpose(2, 0, 1)] == [36233, 35645, 35220]  # upward, as in the file
    assert not caplog.records
    with pytest.raises(DicomError, match=r"the segments of .*rle.dcm cannot be read: .*save it uncompressed"):
        mapped(dicom / "single" / "seg_liver_3frame_rle.dcm", dicom / "ct_3slice_for_seg_liver")  # 1 bit
    parts = mapped(
        dicom / "single" / "seg_partial_overlaps_multisegment.dcm",
        dicom / "ct_3slice_for_seg_liver",
        {"GREEN": 1, "DARK_BLUE": 2},
    )
    assert set(np.unique(parts)) == {0, 1, 2}


def test_a_real_structure_set_is_the_label_that_goes_with_it(datasets: Path) -> None:
    dicom = datasets / "dicom"
    found = mapped(dicom / "ct_series_ibsi1_rtstruct", dicom / "ct_series_ibsi1", {"GTV-1": 1})
    twin = nib.load(datasets / "ct_ibsi1" / "ibsi1_gtv_label.nii.gz")
    affine = MedicalImageReader().get_data(dicom / "ct_series_ibsi1")[1]["affine"]
    theirs = np.argwhere(np.asarray(twin.dataobj) > 0)
    ours = nib.affines.apply_affine(np.linalg.inv(affine) @ twin.affine, theirs)
    index = np.rint(ours).astype(int)
    assert np.abs(ours - index).max() < 0.1
    both = found[tuple(index.T)].sum()
    assert 2 * both / (found.sum() + len(theirs)) > 0.98
