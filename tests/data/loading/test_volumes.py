"""Slices of NIfTI volumes are counted and numbered as they are seen."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform

from srs_monai.data.loading.volumes import slice_items, slices_with_foreground, volume_grid
from srs_monai.data.transforms import AsSeend

RAS_SHAPE = (4, 5, 6)  # to the right, anterior, superior
SPACING = np.diag([2.0, 3.0, 5.0, 1.0])


def save(path: Path, ras: np.ndarray, axes: str = "RAS") -> Path:
    image = nib.Nifti1Image(ras.astype(np.uint8), SPACING)
    turned = image.as_reoriented(ornt_transform(io_orientation(image.affine), axcodes2ornt(axes)))
    nib.save(turned, path)
    return path


@pytest.mark.parametrize("axes", ["RAS", "LPS", "LPI", "PIR", "ASL", "SRA"])
def test_the_grid_does_not_depend_on_the_stored_axes(tmp_path: Path, axes: str) -> None:
    grid = volume_grid(save(tmp_path / "a.nii", np.zeros(RAS_SHAPE), axes))
    assert grid.shape == (5, 4, 6)  # rows along anterior-posterior, columns along left-right, slices upward
    np.testing.assert_allclose(grid.affine[:3, :3], [[0, -2, 0], [-3, 0, 0], [0, 0, 5]])
    np.testing.assert_allclose(grid.affine[:3, 3], [6, 12, 0])  # the most right and anterior voxel comes first


@pytest.mark.parametrize("axes", ["RAS", "LPI", "PIR"])
def test_slices_are_numbered_as_asseend_shows_them(tmp_path: Path, axes: str) -> None:
    labels = np.zeros(RAS_SHAPE)
    labels[1, 2, 1], labels[3, 0, 4] = 1, 2
    path = save(tmp_path / "a.nii.gz", labels, axes)
    assert slices_with_foreground(path) == [1, 4]
    stored = nib.load(path)
    volume = MetaTensor(torch.from_numpy(stored.get_fdata())[None], affine=stored.affine)
    seen = AsSeend("label")({"label": volume})["label"]
    assert tuple(seen.shape[1:]) == volume_grid(path).shape
    assert [k for k in range(seen.shape[-1]) if (seen[..., k] > 0).any()] == [1, 4]
    np.testing.assert_allclose(seen.affine, volume_grid(path).affine)


def test_a_volume_becomes_one_item_a_slice(tmp_path: Path) -> None:
    labels = np.zeros(RAS_SHAPE)
    labels[..., 2] = 1
    item = {"image": str(save(tmp_path / "a.nii", labels)), "label": str(save(tmp_path / "b.nii", labels, "LPI"))}
    assert slice_items(item) == [item | {"slice": k} for k in range(6)]
    assert slice_items(item, skip_empty=True) == [item | {"slice": 2}]


def test_a_slice_of_organs_that_are_no_class_is_empty(tmp_path: Path) -> None:
    labels = np.zeros(RAS_SHAPE)
    labels[..., 2], labels[..., 4] = 5, 3
    item = {"image": str(save(tmp_path / "a.nii", labels)), "label": str(save(tmp_path / "b.nii", labels))}
    assert [each["slice"] for each in slice_items(item, skip_empty=True)] == [2, 4]
    known = item | {"label_values": [[0, 5], [3]]}
    assert slice_items(known, skip_empty=True) == [known | {"slice": 4}]


def test_a_single_slice_is_one_in_any_plane(tmp_path: Path) -> None:
    for name, shape in (("sagittal", (1, 5, 6)), ("coronal", (4, 1, 6)), ("axial", (4, 5, 1))):
        path = save(tmp_path / f"{name}.nii", np.zeros(shape))
        assert slice_items({"image": str(path)}) == [{"image": str(path), "slice": 0}]
        assert slices_with_foreground(path) == [0]


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 1, 1)])
def test_a_two_dimensional_image_has_one_slice(tmp_path: Path, shape: tuple[int, ...]) -> None:
    nib.save(nib.Nifti1Image(np.zeros(shape, dtype=np.uint8), SPACING), tmp_path / "a.nii")
    assert volume_grid(tmp_path / "a.nii").shape == (5, 4, 1)
    assert slice_items({"image": str(tmp_path / "a.nii")}) == [{"image": str(tmp_path / "a.nii"), "slice": 0}]


def test_several_volumes_in_a_file_are_refused(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(np.zeros((*RAS_SHAPE, 2), dtype=np.uint8), SPACING), tmp_path / "a.nii")
    with pytest.raises(ValueError, match=r"a.nii has shape \(4, 5, 6, 2\); save each"):
        volume_grid(tmp_path / "a.nii")


def test_what_the_reader_refuses_is_no_volume_from_outside_either(tmp_path: Path) -> None:
    colours = np.zeros(RAS_SHAPE, [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(colours, SPACING), tmp_path / "a.nii")
    with pytest.raises(ValueError, match=r"a.nii holds RGB values"):
        volume_grid(tmp_path / "a.nii")


def test_distance_is_that_of_the_farthest_corners(tmp_path: Path) -> None:
    grid = volume_grid(save(tmp_path / "a.nii", np.zeros(RAS_SHAPE)))
    shifted, stretched = grid.affine.copy(), grid.affine.copy()
    shifted[:3, 3] += [3, 0, 4]
    stretched[2, 2] += 1
    assert grid.distance(type(grid)(grid.shape, shifted)) == pytest.approx(5)
    assert grid.distance(type(grid)(grid.shape, stretched)) == pytest.approx(5)  # 6 slices, 5 steps


def test_unreadable_files_and_senseless_headers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no file .*none.nii"):
        volume_grid(tmp_path / "none.nii")
    (tmp_path / "bad.nii.gz").write_bytes(b"bad")
    with pytest.raises(ValueError, match=r"bad.nii.gz cannot be read as NIfTI"):
        volume_grid(tmp_path / "bad.nii.gz")
    whole = save(tmp_path / "cut.nii", np.ones(RAS_SHAPE))
    whole.write_bytes(whole.read_bytes()[:380])
    with pytest.raises(ValueError, match=r"cut.nii cannot be read as NIfTI"):
        slices_with_foreground(whole)
    nowhere = nib.Nifti1Image(np.zeros(RAS_SHAPE, dtype=np.uint8), np.eye(4))
    nowhere.header.set_sform(np.zeros((4, 4)), code=1)
    nib.save(nib.Nifti1Image(np.zeros(RAS_SHAPE, dtype=np.uint8), None, nowhere.header), tmp_path / "nowhere.nii")
    with pytest.raises(ValueError, match=r"nowhere\.nii is \[\[0\.0, "):
        volume_grid(tmp_path / "nowhere.nii")
