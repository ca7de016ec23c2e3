"""Evaluation of arrays and files: values, geometry, units, and what cannot be compared."""

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from srs_monai.evaluation import evaluate


def save_png(path, array):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def save_nifti(path, array, affine):
    nib.save(nib.Nifti1Image(array.astype(np.uint8), affine), path)
    return path


def square(start, side=3, size=9, value=255):
    array = np.zeros((size, size), dtype=np.uint8)
    array[start : start + side, start : start + side] = value
    return array


@pytest.fixture
def volume():
    array = np.zeros((8, 7, 4), dtype=np.uint8)
    array[2:5, 1:4, 1:3] = 1
    array[5:7, 5:7, 0:2] = 2
    return array


def axial(spacing=(0.5, 0.75, 3.0), origin=(-20.0, 10.0, 4.0)):
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    return affine


def test_arrays():
    table = evaluate([square(3) > 0, square(4) > 0], [square(3) > 0] * 2)
    assert table.cases == ["1", "2"]
    assert [row.values["iou"] for row in table.rows] == pytest.approx([1, 4 / 14])
    assert table.summary()["foreground"]["hd95_pixels"].count == 2


def test_arrays_with_spacing_and_names():
    table = evaluate({"p1": square(3) > 0}, {"p1": np.roll(square(3), 2, axis=1) > 0}, spacing=(9.0, 0.5))
    assert table.rows[0].case == "p1"
    assert table.rows[0].values["hd95_mm"] == pytest.approx(1.0)


def test_folders_of_pictures(tmp_path):
    for name, start in (("a", 3), ("b", 4)):
        save_png(tmp_path / "out" / f"{name}_mask.png", square(start))
        save_png(tmp_path / "masks" / f"{name}.png", square(3, value=1))
    save_png(tmp_path / "out" / "a_overlay.png", square(0))
    table = evaluate(tmp_path / "out", tmp_path / "masks", output_dir=tmp_path / "out", original_definition=True)
    assert table.cases == ["a", "b"]
    assert [row.values["iou"] for row in table.rows] == pytest.approx([1, 4 / 14])
    assert table.rows[1].values["original_iou"] == pytest.approx(4 / 14, rel=1e-5)
    assert (tmp_path / "out" / "metrics.csv").read_text() == table.to_csv()


def test_pictures_may_be_given_a_spacing(tmp_path):
    pair = save_png(tmp_path / "p.png", square(3)), save_png(tmp_path / "r.png", np.roll(square(3), 1, axis=0))
    assert evaluate(*pair, spacing=(0.25, 9.0)).rows[0].values["hd95_mm"] == pytest.approx(0.25)


def test_nifti_labels_in_mm(tmp_path, volume):
    moved = np.roll(volume, 1, axis=2)
    pair = save_nifti(tmp_path / "p.nii.gz", moved, axial()), save_nifti(tmp_path / "r.nii.gz", volume, axial())
    table = evaluate(*pair, labels={1: "liver", 2: "spleen"})
    assert table.labels == ["liver", "spleen", "mean"]
    assert table.rows[0].values["hd95_mm"] == pytest.approx(3.0)
    assert table.rows[1].values["iou"] == pytest.approx(1 / 3)


def test_the_order_of_stored_axes_does_not_matter(tmp_path, volume):
    straight = nib.Nifti1Image(volume, axial())
    turned = straight.as_reoriented([[1, -1], [2, 1], [0, -1]])
    assert turned.shape != straight.shape
    pair = tmp_path / "p_mask.nii.gz", tmp_path / "r.nii.gz"
    nib.save(turned, pair[0])
    nib.save(straight, pair[1])
    table = evaluate(*pair, labels={1: "liver", 2: "spleen"})
    assert table.cases == ["p"]
    assert {row.values["iou"] for row in table.rows} == {1.0}
    assert {row.values["asd_mm"] for row in table.rows} == {0.0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"origin": (-20.0, 10.0, 4.5)}, r"p\.nii\.gz and .*r\.nii\.gz .* 0\.5 mm"),
        ({"spacing": (0.5, 0.75, 2.0)}, " 3 mm"),
        ({"spacing": (-0.5, 0.75, 3.0)}, " mm apart"),
    ],
)
def test_volumes_in_different_places_are_refused(tmp_path, volume, change, message):
    pair = (
        save_nifti(tmp_path / "p.nii.gz", volume, axial(**change)),
        save_nifti(tmp_path / "r.nii.gz", volume, axial()),
    )
    with pytest.raises(ValueError, match=message):
        evaluate(*pair, labels={1: "liver", 2: "spleen"})


def test_rounding_of_affines_is_no_difference(tmp_path, volume):
    affine = axial() + np.float32(1e-5)
    affine[3] = 0, 0, 0, 1
    pair = save_nifti(tmp_path / "p.nii.gz", volume, affine), save_nifti(tmp_path / "r.nii.gz", volume, axial())
    assert evaluate(*pair, labels={1: "liver", 2: "spleen"}).rows[0].values["iou"] == 1


def test_sizes_must_agree(tmp_path, volume):
    pair = save_nifti(tmp_path / "p.nii.gz", volume[1:], axial()), save_nifti(tmp_path / "r.nii.gz", volume, axial())
    with pytest.raises(ValueError, match=r"p\.nii\.gz and .*r\.nii\.gz have \(7, 7, 4\) and \(7, 8, 4\)"):
        evaluate(*pair, labels={1: "liver", 2: "spleen"})


def test_geometry_on_one_side_only_is_refused(tmp_path):
    pair = save_png(tmp_path / "p.png", square(3)), tmp_path / "r.nii.gz"
    save_nifti(pair[1], square(3, value=1), np.eye(4))
    with pytest.raises(ValueError, match="geometry"):
        evaluate(*pair)


def test_a_spacing_beside_that_of_the_file_is_refused(tmp_path, volume):
    path = save_nifti(tmp_path / "p.nii.gz", volume == 1, axial())
    with pytest.raises(ValueError, match="spacing"):
        evaluate(path, path, spacing=(1, 1, 1))


def test_a_file_and_an_array_are_refused(tmp_path):
    path = save_png(tmp_path / "p.png", square(3))
    with pytest.raises(ValueError, match=r"p\.png and ndarray"):
        evaluate({"p": path}, {"p": square(3) > 0})


def test_one_bad_case_does_not_take_the_others_with_it(tmp_path):
    for name in "ab":
        save_png(tmp_path / "out" / f"{name}.png", square(3))
        save_png(tmp_path / "masks" / f"{name}.png", square(3, size=9 if name == "a" else 8))
    with pytest.raises(ValueError, match=r"(?s)1 of 2 cases cannot be evaluated:\n.*b\.png.*\(9, 9\) and \(8, 8\)"):
        evaluate(tmp_path / "out", tmp_path / "masks", output_dir=tmp_path / "tables")
    assert (tmp_path / "tables" / "metrics.csv").read_text().splitlines()[1].startswith("a,foreground,1,")


def test_nothing_is_written_when_no_case_can_be_evaluated(tmp_path):
    with pytest.raises(ValueError, match="1 of 1 cases"):
        evaluate([square(3) > 0], [square(3, size=8) > 0], output_dir=tmp_path / "tables")
    assert not (tmp_path / "tables").exists()


def test_files_that_are_no_masks_are_named(tmp_path):
    grey = save_png(tmp_path / "grey.png", np.arange(81, dtype=np.uint8).reshape(9, 9) * 3)
    with pytest.raises(ValueError, match=r"grey\.png"):
        evaluate(grey, grey)


def test_tables_are_not_replaced_unasked(tmp_path):
    (tmp_path / "summary.md").write_text("mine")
    pair = [square(3) > 0], [square(3) > 0]
    with pytest.raises(ValueError, match=r"summary\.md .*overwrite"):
        evaluate(*pair, output_dir=tmp_path)
    assert (tmp_path / "summary.md").read_text() == "mine"
    evaluate(*pair, output_dir=tmp_path, overwrite=True)
    assert "foreground" in (tmp_path / "summary.md").read_text()
