"""NIfTI volumes keep their values, axes and affine; what is none is refused."""

import gzip
import logging
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from monai.transforms import LoadImage
from numpy.typing import NDArray

from srs_monai.data.readers import NiftiReader

AFFINE = np.array([[-0.5, 0.1, 0, 7], [0.1, 0.6, 0.2, -8], [0, -0.3, 2.5, 9], [0, 0, 0, 1]])


def load(path: Path) -> NDArray[np.float32]:
    return LoadImage(reader=NiftiReader(), image_only=True)(path)


def save(path: Path, values: NDArray, affine: NDArray = AFFINE) -> Path:
    nib.save(nib.Nifti1Image(values, affine), path)
    return path


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_values_and_affine_are_those_of_the_file(tmp_path: Path, ending: str) -> None:
    values = np.random.default_rng(0).integers(-1000, 1000, (3, 4, 5)).astype(np.int16)
    volume = load(save(tmp_path / f"a{ending}", values))
    np.testing.assert_array_equal(volume.numpy(), values)
    np.testing.assert_allclose(volume.affine.numpy(), AFFINE, atol=1e-6)
    assert volume.meta["source_kind"] == "nifti"
    assert "stored_max" not in volume.meta


def test_a_real_volume_is_as_nibabel_reads_it(datasets: Path) -> None:
    path = datasets / "ct_abdomen" / "totalseg_example_ct.nii.gz"
    volume, image = load(path), nib.load(path)
    np.testing.assert_array_equal(volume.numpy(), image.get_fdata(dtype=np.float32))
    np.testing.assert_array_equal(volume.affine.numpy(), image.affine)


def test_slope_and_intercept_are_applied_and_take_the_full_scale_away(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.arange(24, dtype=np.uint8).reshape(2, 3, 4), AFFINE)
    nib.save(image, tmp_path / "plain.nii")
    image.header.set_slope_inter(2, -10)
    nib.save(image, tmp_path / "scaled.nii")
    np.testing.assert_array_equal(load(tmp_path / "scaled.nii").numpy(), image.get_fdata() * 2 - 10)
    assert load(tmp_path / "plain.nii").meta["stored_max"] == 255
    assert "stored_max" not in load(tmp_path / "scaled.nii").meta


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 1), (3, 4, 1, 1)])
def test_a_picture_is_a_volume_of_one_slice(tmp_path: Path, shape: tuple[int, ...]) -> None:
    values = np.arange(12, dtype=np.float32).reshape(shape)
    volume = load(save(tmp_path / "a.nii", values))
    assert volume.shape == (3, 4, 1)
    np.testing.assert_array_equal(volume.numpy().ravel(), values.ravel())


def test_a_trailing_axis_of_one_is_dropped(tmp_path: Path) -> None:
    assert load(save(tmp_path / "a.nii", np.zeros((2, 3, 4, 1), np.float32))).shape == (2, 3, 4)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((2, 3, 4, 5), np.float32), r"shape \(2, 3, 4, 5\); save each volume"),
        (np.zeros((2, 3, 4, 1, 3), np.float32), r"shape \(2, 3, 4, 1, 3\)"),
        (np.zeros(6, np.float32), r"shape \(6,\)"),
        (np.zeros((2, 3, 4), np.complex64), "complex values"),
        (np.zeros((2, 3, 4), [("R", "u1"), ("G", "u1"), ("B", "u1")]), "RGB values"),
        (np.array([[[np.nan, 1], [np.inf, 2]]], np.float32), "2 of 4 in .* are NaN or infinite"),
    ],
)
def test_what_is_no_volume_of_numbers_is_refused(tmp_path: Path, values: NDArray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        load(save(tmp_path / "a.nii", values))


def test_an_affine_without_places_is_refused(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((2, 3, 4), np.float32), np.eye(4))
    image.header.set_sform(np.diag([1.0, 0, 1, 1]), code=1)
    nib.save(nib.Nifti1Image(image.dataobj, None, image.header), tmp_path / "a.nii")
    with pytest.raises(ValueError, match=r"a\.nii is \[\["):
        load(tmp_path / "a.nii")


def test_the_sform_goes_before_a_qform_that_disagrees(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    image = nib.Nifti1Image(np.zeros((5, 3, 4), np.float32), None)
    image.header.set_sform(np.diag([1.0, 1, 1, 1]), code=1)
    shifted = np.eye(4)
    shifted[0, 3] = 3
    image.header.set_qform(shifted, code=1)
    nib.save(nib.Nifti1Image(image.dataobj, None, image.header), tmp_path / "a.nii")
    np.testing.assert_array_equal(load(tmp_path / "a.nii").affine.numpy(), np.eye(4))
    assert "differ by up to 3 mm: the sform is used" in caplog.text
    assert load(tmp_path / "a.nii").meta["notes"] == "sform and qform differ by up to 3 mm: the sform is used"
    caplog.clear()
    load(save(tmp_path / "b.nii", np.zeros((5, 3, 4), np.float32), np.diag([2.0, 3, 4, 1])))
    assert "sform" not in caplog.text


def test_files_that_are_broken_or_missing_are_refused_with_the_reason(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.nii.gz", np.random.default_rng(0).random((20, 20, 20)).astype(np.float32))
    for name, content in {
        "cut.nii.gz": whole.read_bytes()[:-2000],
        "cut.nii": gzip.decompress(whole.read_bytes())[:-100],
        "text.nii": b"no image",
        "empty.nii.gz": b"",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=rf"{name} cannot be read as NIfTI: .+; replace"):
            load(tmp_path / name)
    with pytest.raises(ValueError, match=r"there is no file .*nothing\.nii"):
        load(tmp_path / "nothing.nii")


def test_oblique_axes_stay_and_sheared_ones_are_said(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    turned = np.eye(4)
    turned[:3, :3] = nib.eulerangles.euler2mat(0.3, -0.4, 0.2) * [0.5, 0.6, 2.5]
    oblique = load(save(tmp_path / "oblique.nii", values, turned))
    np.testing.assert_allclose(oblique.affine.numpy(), turned, atol=1e-6)
    np.testing.assert_array_equal(oblique.numpy(), values)
    assert oblique.meta["notes"] == ""
    sheared = np.diag([0.5, 0.5, 2.5, 1])
    sheared[1, 2] = 2.5 * np.tan(np.radians(20))
    image = nib.Nifti1Image(values, sheared)
    image.set_qform(None, code=0)
    nib.save(image, tmp_path / "sheared.nii")
    assert "20.0 degrees off a right angle" in load(tmp_path / "sheared.nii").meta["notes"]


def test_units_and_axes_that_the_header_leaves_open_are_said(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((2, 3, 4), np.float32), None)
    image.header.set_xyzt_units("micron")
    nib.save(image, tmp_path / "a.nii")
    notes = load(tmp_path / "a.nii").meta["notes"]
    assert "does not state the direction of the axes" in notes
    assert "lengths in micron: they are read as mm" in notes
