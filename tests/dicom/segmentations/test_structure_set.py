"""Contours become masks by one rule, on the slices that they were drawn on."""

import logging
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_files import write_series
from dicom_labels import Contour, write_rtstruct
from numpy.typing import ArrayLike, NDArray

from srs_monai.data.readers import DicomError, SourceGrid, dicom_slices
from srs_monai.dicom.segmentations.structure_set import rasterise_rtstruct


@pytest.fixture
def grid(tmp_path: Path) -> SourceGrid:
    """Three slices of 6 rows and 8 columns, 0.8 mm and 0.6 mm apart, from (-11, 22, 33) on every 2.5 mm."""
    write_series(tmp_path / "s", along=[0, 2.5, 5], size=(6, 8))
    return dicom_slices(tmp_path / "s")


def in_patient(corners: ArrayLike, z: float = 35.5) -> NDArray[np.float64]:
    """Corners (column, row) of the second slice as LPS in mm."""
    columns, rows = np.asarray(corners, dtype=float).T
    return np.stack([-11 + 0.6 * columns, 22 + 0.8 * rows, np.full(len(columns), z)], axis=1)


def square(left: float, top: float, side: float, **where: Any) -> Contour:
    right, bottom = left + side, top + side
    return "CLOSED_PLANAR", in_patient([(left, top), (right, top), (right, bottom), (left, bottom)], **where)


def test_centres_inside_belong_to_the_region(tmp_path: Path, grid: SourceGrid) -> None:
    masks = rasterise_rtstruct(write_rtstruct(tmp_path / "rt.dcm", [("GTV", [square(1.5, 0.5, 3)])]), grid)
    assert list(masks) == ["GTV"]
    expected = np.zeros((8, 6, 3), bool)
    expected[2:5, 1:4, 1] = True
    np.testing.assert_array_equal(masks["GTV"], expected)


def test_centres_on_a_contour_are_in_at_the_left_and_upper_border(tmp_path: Path, grid: SourceGrid) -> None:
    [mask] = rasterise_rtstruct(write_rtstruct(tmp_path / "rt.dcm", [("a", [square(2, 1, 3)])]), grid).values()
    # written in mm, corners are as exact as the numbers: shift them by less than that matters
    [nudged] = rasterise_rtstruct(write_rtstruct(tmp_path / "rt.dcm", [("a", [square(1.99, 0.99, 3)])]), grid).values()
    assert nudged[2:5, 1:4, 1].all()
    assert nudged.sum() == 9
    assert mask[3:5, 2:4, 1].all()


def test_inner_contours_and_keyholes_are_holes(tmp_path: Path, grid: SourceGrid) -> None:
    inner = [square(0.5, 0.5, 5), square(2.5, 2.5, 1)]
    outer = [(0.5, 0.5), (5.5, 0.5), (5.5, 5.5), (0.5, 5.5), (0.5, 3)]
    hole = [(2.5, 3), (2.5, 3.5), (3.5, 3.5), (3.5, 2.5), (2.5, 2.5), (2.5, 3), (0.5, 3)]
    keyhole = ("CLOSED_PLANAR", in_patient([*outer, *hole]))  # the slit runs through centres
    exclusive = [("CLOSEDPLANAR_XOR", points) for _, points in inner]
    path = write_rtstruct(tmp_path / "rt.dcm", [("inner", inner), ("keyhole", [keyhole]), ("xor", exclusive)])
    expected = np.zeros((8, 6, 3), bool)
    expected[1:6, 1:6, 1] = True
    expected[3, 3, 1] = False
    for mask in rasterise_rtstruct(path, grid).values():
        np.testing.assert_array_equal(mask, expected)


def test_contours_beyond_the_image_are_cut_off(tmp_path: Path, grid: SourceGrid) -> None:
    [mask] = rasterise_rtstruct(write_rtstruct(tmp_path / "rt.dcm", [("body", [square(-5, -5, 50)])]), grid).values()
    assert mask[:, :, 1].all()
    assert mask.sum() == 48


def test_names_that_come_again_and_regions_without_contours(tmp_path: Path, grid: SourceGrid) -> None:
    path = write_rtstruct(tmp_path / "rt.dcm", [("GTV", [square(1.5, 0.5, 3)]), ("GTV", []), ("", []), ("GTV", [])])
    masks = rasterise_rtstruct(path, grid)
    assert list(masks) == ["GTV", "GTV 2", "region", "GTV 3"]
    assert [int(mask.sum()) for mask in masks.values()] == [9, 0, 0, 0]


def test_points_enclose_nothing(tmp_path: Path, grid: SourceGrid, caplog: pytest.LogCaptureFixture) -> None:
    path = write_rtstruct(tmp_path / "rt.dcm", [("isocentre", [("POINT", in_patient([(2, 2)]))])])
    with caplog.at_level(logging.WARNING):
        assert not rasterise_rtstruct(path, grid)["isocentre"].any()
    assert "1 contours that enclose nothing: POINT" in caplog.text


def test_contours_of_other_slices_are_refused(tmp_path: Path, grid: SourceGrid) -> None:
    path = write_rtstruct(tmp_path / "rt.dcm", [("GTV", [square(1.5, 0.5, 3, z=36.5)])])
    with pytest.raises(DicomError, match=r"one of 'GTV' in .* lies at 36\.50 to 36\.50 mm, and the nearest .* 35\.50"):
        rasterise_rtstruct(path, grid)


def test_other_files_are_refused(tmp_path: Path, grid: SourceGrid) -> None:
    with pytest.raises(DicomError, match="is not one; name another file"):
        rasterise_rtstruct(grid.paths[0], grid)
    (tmp_path / "text").write_text("no DICOM")
    with pytest.raises(DicomError, match=r"the contours of .*text cannot be read: .*; fetch the file again"):
        rasterise_rtstruct(tmp_path / "text", grid)


def test_real_contours_agree_with_the_published_mask(datasets: Path) -> None:
    grid = dicom_slices(datasets / "dicom" / "ct_series_ibsi1")
    path = datasets / "dicom" / "ct_series_ibsi1_rtstruct" / "DCM_RS_00060.dcm"
    [(name, mask)] = rasterise_rtstruct(path, grid).items()
    assert name == "GTV-1" == pydicom.dcmread(path).StructureSetROISequence[0].ROIName
    label = nib.load(datasets / "ct_ibsi1" / "ibsi1_gtv_label.nii.gz")
    reference = np.asarray(label.dataobj) > 0
    columns, rows, slices = np.nonzero(mask)
    places = [grid.affines[k] @ [c, r, 0, 1] for c, r, k in zip(columns, rows, slices, strict=True)]
    index = np.linalg.solve(label.affine, np.array(places).T)[:3]
    both = np.count_nonzero(reference[tuple(index.round().astype(int))])
    assert 2 * both / (mask.sum() + reference.sum()) > 0.999
