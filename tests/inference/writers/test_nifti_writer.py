"""Results lie where their image lies, in every viewer."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from srs_monai.inference.results.packed_labels import PackedLabels
from srs_monai.inference.writers.nifti_writer import write_nifti

OBLIQUE = np.eye(4)
OBLIQUE[:3, :3] = nib.eulerangles.euler2mat(0.2, -0.3, 0.1) @ np.diag([0.5, 0.7, 2.5])
OBLIQUE[:3, 3] = [1, -2, 3]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_values_type_and_affine_are_kept(tmp_path: Path, dtype: type) -> None:
    values = np.arange(24).reshape(2, 3, 4).astype(dtype)
    write_nifti(tmp_path / "new" / "a.nii.gz", values, OBLIQUE)
    image = nib.load(tmp_path / "new" / "a.nii.gz")
    assert image.get_data_dtype() == dtype
    np.testing.assert_array_equal(np.asarray(image.dataobj), values)
    for form, code in (image.header.get_qform(coded=True), image.header.get_sform(coded=True)):
        assert code == 1
        np.testing.assert_allclose(form, OBLIQUE, atol=1e-5)
    assert image.header.get_xyzt_units()[0] == "mm"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.nii.gz"]


@pytest.mark.parametrize("codes", [(1, 2), (0, 2), (1, 0), (0, 0)])
def test_both_coordinate_systems_of_the_source_are_kept(tmp_path: Path, codes: tuple[int, int]) -> None:
    source = nib.Nifti1Image(np.zeros((2, 3, 4), np.int16), None)
    shifted = OBLIQUE.copy()
    shifted[0, 3] += 5
    source.header.set_qform(OBLIQUE, code=codes[0])
    source.header.set_sform(shifted, code=codes[1])
    nib.save(nib.Nifti1Image(source.dataobj, None, source.header), tmp_path / "source.nii")
    source = nib.load(tmp_path / "source.nii")
    write_nifti(tmp_path / "mask.nii.gz", np.ones((2, 3, 4), np.uint8), source.affine, tmp_path / "source.nii")
    mask = nib.load(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(mask.affine, source.affine)
    for ours, theirs in (
        (mask.header.get_qform(coded=True), source.header.get_qform(coded=True)),
        (mask.header.get_sform(coded=True), source.header.get_sform(coded=True)),
    ):
        assert ours[1] == theirs[1]
        np.testing.assert_array_equal(ours[0], theirs[0])
    assert mask.header.get_zooms() == source.header.get_zooms()
    np.testing.assert_array_equal(np.asarray(mask.dataobj), 1)


@pytest.mark.parametrize(("shape", "channels"), [((5, 6), 0), ((5, 6, 1), 0), ((5, 6, 1, 1), 0), ((5, 6), 3)])
def test_a_picture_stays_one(tmp_path: Path, shape: tuple[int, ...], channels: int) -> None:
    nib.save(nib.Nifti1Image(np.zeros(shape, np.uint8), OBLIQUE), tmp_path / "source.nii")
    values = np.arange(30 * max(channels, 1), dtype=np.float32).reshape(5, 6, 1, *([channels] if channels else []))
    write_nifti(tmp_path / "a.nii", values, OBLIQUE, tmp_path / "source.nii")
    written = nib.load(tmp_path / "a.nii")
    assert written.shape == ((5, 6, 1, channels) if channels else shape)
    np.testing.assert_array_equal(written.get_fdata().ravel(), values.ravel())


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("of_file", [True, False])
def test_packed_labels_make_the_same_file_slice_by_slice(tmp_path: Path, ending: str, of_file: bool) -> None:
    values = np.random.default_rng(0).integers(0, 3, (5, 4, 6)).astype(np.uint8)
    packed = PackedLabels(values.shape)
    packed.append(values)
    nib.save(nib.Nifti1Image(values.astype(np.int16), OBLIQUE), tmp_path / "source.nii")
    for name, labels in (("whole", values), ("packed", packed)):
        write_nifti(tmp_path / f"{name}{ending}", labels, OBLIQUE, tmp_path / "source.nii" if of_file else None)
    whole, by_slice = (tmp_path / f"{name}{ending}" for name in ("whole", "packed"))
    opened = gzip.open if ending == ".nii.gz" else open
    with opened(whole, "rb") as one, opened(by_slice, "rb") as other:
        assert one.read() == other.read()
