"""A look through a data set finds everything that is wrong with it, and training refuses what it names."""

import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from srs_monai.data.audit.check_dataset import check_dataset

NORMAL = "(normal, skipped by default)"


def blobs(seed: int, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """Coarse random blobs, another picture for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9)).astype(np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def mask(size: tuple[int, int] = (48, 40), value: int = 255) -> Image.Image:
    drawn = np.zeros(size[::-1], np.uint8)
    drawn[10:20, 10:20] = value
    return Image.fromarray(drawn)


@pytest.fixture
def busi(tmp_path: Path) -> Path:
    """Six pairs in BUSI's own layout, one of them with two masks, and a normal image."""
    for name in ("benign", "malignant", "normal"):
        (tmp_path / name).mkdir()
    for i in range(1, 5):
        blobs(i).save(tmp_path / "benign" / f"benign ({i}).png")
        mask().save(tmp_path / "benign" / f"benign ({i})_mask.png")
    mask().save(tmp_path / "benign" / "benign (4)_mask_1.png")
    for i in range(1, 3):
        blobs(10 + i).save(tmp_path / "malignant" / f"malignant ({i}).png")
        mask().save(tmp_path / "malignant" / f"malignant ({i})_mask.png")
    blobs(20).save(tmp_path / "normal" / "normal (1).png")
    mask(value=0).save(tmp_path / "normal" / "normal (1)_mask.png")
    return tmp_path


def test_a_sound_data_set_has_no_faults(busi: Path) -> None:
    report = check_dataset("busi", busi, progress=False)
    assert report.faults == []
    assert report.remarks == []
    assert report.counts == {"all": {"images": 7, "breast lesion": 6, "empty": 1, "normal": 1}}
    assert "sizes, rows x columns: 40 x 48 (7)" in report.facts
    assert "label values: 0, 1, 255" in report.facts  # the union of two masks is 0 and 1
    assert "faults that prevent training: none" in report.lines()


def test_every_fault_is_named(busi: Path) -> None:
    benign = busi / "benign"
    (benign / "benign (1)_mask.png").unlink()
    (busi / "malignant" / "malignant (1).png").unlink()
    cut = benign / "benign (2).png"
    cut.write_bytes(cut.read_bytes()[:200])
    mask((48, 41)).save(benign / "benign (3)_mask.png")
    blobs(30).save(benign / "benign (4)_mask_1.png")
    (busi / "malignant" / "malignant (2)_mask.png").write_bytes(b"")
    report = check_dataset("busi", busi, progress=False)
    expected = [
        "benign (1) has an image and no mask",
        "malignant (1) has a mask and no image",
        "benign (2).png cannot be read as a picture",
        "benign (3).png has 40 x 48 pixels and",
        "benign (4)_mask_1.png holds",
        "malignant (2)_mask.png",
    ]
    for words in expected:
        assert sum(words in fault for fault in report.faults) == 1, (words, report.faults)
    assert len(report.faults) == len(expected)
    assert report.counts["all"]["breast lesion"] == 3  # of those that can be read, two of unlike sizes or alone


def test_faults_of_normal_images_are_remarks(busi: Path) -> None:
    (busi / "normal" / "normal (1).png").write_bytes(b"none")
    report = check_dataset("busi", busi, progress=False)
    assert report.faults == []
    assert [remark for remark in report.remarks if "normal (1).png" in remark and remark.endswith(NORMAL)]


def test_empty_masks_and_near_duplicates_are_remarks(busi: Path) -> None:
    mask(value=0).save(busi / "benign" / "benign (1)_mask.png")
    blobs(2).point(lambda v: v // 2 + 30).save(busi / "malignant" / "malignant (2).png")
    report = check_dataset("busi", busi, progress=False)
    assert report.faults == []
    assert report.remarks == [
        "empty masks: 1: benign (1)",
        "near-duplicates, pairs: 1, of 2 images in 1 groups",
    ]
    [(first, second, correlation)] = report.near_duplicates
    assert (first, second) == ("benign (2)", "malignant (2)")
    assert f"  {correlation:.3f}  benign (2) and malignant (2)" in report.lines()
    assert report.counts["all"]["empty"] == 2


def test_lists_are_looked_at(tmp_path: Path) -> None:
    for name in ("images", "masks", "splits"):
        (tmp_path / name).mkdir()
    for i, seed in enumerate((0, 1, 2, 0)):
        blobs(seed).save(tmp_path / "images" / f"benign ({i}).png")
        mask().save(tmp_path / "masks" / f"benign ({i}).png")
    (tmp_path / "splits" / "train_1.txt").write_text("benign (0)\nbenign (1)\n")
    (tmp_path / "splits" / "val_1.txt").write_text("benign (2)\nbenign (3)\n")
    (tmp_path / "splits" / "train_2.txt").write_text("benign (0)\nbenign (7)\n")
    (tmp_path / "splits" / "val_2.txt").write_text("benign (0)\nbenign (1)\n")
    report = check_dataset("busi", tmp_path, progress=False)
    assert report.counts["published_1, validation"]["images"] == 2
    assert any(
        remark.startswith("the split published_1 has near-duplicates in two sections, pairs: 1: benign (0) (training)")
        and remark.endswith("held-out images with a near-duplicate elsewhere: 1 of 2")
        for remark in report.remarks
    )
    assert "the split published_2 names images that do not exist: benign (7)" in report.faults
    assert any("share benign (0)" in fault for fault in report.faults)


def test_volumes_are_counted_by_slices_and_labels(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for patient in range(1, 4):
        folder = tmp_path / f"patient00{patient}"
        folder.mkdir()
        label = np.zeros((6, 5, 4), np.uint8)
        label[:2, :2, 1] = patient  # the right ventricle, the myocardium, the left ventricle
        place = np.diag([1.0, 1, 1, 1])
        nib.save(
            nib.Nifti1Image(random.random((6, 5, 4)).astype(np.float32), place),
            folder / f"{folder.name}_frame01.nii.gz",
        )
        place[0, 3] = 7.0 if patient == 2 else 0.0
        nib.save(nib.Nifti1Image(label, place), folder / f"{folder.name}_frame01_gt.nii.gz")
    report = check_dataset("acdc", tmp_path, progress=False)
    assert report.counts["all"] == {
        "images": 3,
        "slices": 12,
        "right ventricle": 1,
        "myocardium": 1,
        "left ventricle": 1,
        "empty": 0,
        "normal": 0,
    }
    assert "patients: 3" in report.facts
    assert "sizes, rows x columns x slices: 5 x 6 x 4 (3)" in report.facts
    [fault] = report.faults
    assert "lies up to 7.0 mm away" in fault
    broken = tmp_path / "patient001" / "patient001_frame01_gt.nii.gz"
    nib.save(nib.Nifti1Image(np.full((6, 5, 4), 9, np.uint8), np.eye(4)), broken)
    assert any("holds 9" in fault for fault in check_dataset("acdc", tmp_path, progress=False).faults)


def test_what_is_no_data_set_is_one_fault(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        report = check_dataset("busi", folder, progress=False)
        assert len(report.faults) == 1
        assert report.counts == {}
    with pytest.raises(ValueError, match="did you mean 'busi'"):
        check_dataset("bussi", tmp_path)


def test_names_that_occur_twice_are_a_fault(busi: Path) -> None:
    shutil.copyfile(busi / "benign" / "benign (1).png", busi / "benign" / "benign (1).bmp")
    report = check_dataset("busi", busi, progress=False)
    [fault] = report.faults
    assert "benign (1).bmp and benign (1).png" in fault


def test_the_real_images_of_kvasir_and_busi_are_sound(datasets: Path) -> None:
    report = check_dataset("kvasir_seg", datasets / "kvasir", progress=False)
    assert report.faults == []
    assert report.counts["all"] == {"images": 5, "polyp": 5, "empty": 0, "normal": 0}
    original = check_dataset("busi", datasets / "busi_original_sample", progress=False)
    assert original.faults == []
    assert original.counts["all"]["images"] == 12


def test_a_size_that_differs_is_found_in_sirst(datasets: Path, tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
        for stem in ("Misc_7", "Misc_111", "Misc_138"):
            shutil.copyfile(datasets / "sirst" / name / f"{stem}.png", tmp_path / name / f"{stem}.png")
    shutil.copyfile(
        datasets / "sirst" / "original_mismatch" / "Misc_111_pixels0.png", tmp_path / "masks" / "Misc_111.png"
    )
    report = check_dataset("sirst", tmp_path, progress=False)
    [fault] = report.faults
    assert "Misc_111.png has 220 x 325 pixels and" in fault
    assert "400 x 592" in fault
    assert report.remarks == ["near-duplicates, pairs: 1, of 2 images in 1 groups"]
    assert [pair[:2] for pair in report.near_duplicates] == [("Misc_138", "Misc_7")]


@pytest.mark.slow
def test_the_same_images_of_two_patients_are_found_in_acdc(datasets: Path) -> None:
    report = check_dataset("acdc", datasets / "acdc", progress=False)
    assert report.faults == []
    assert report.counts["all"]["images"] == 1902
    [strangers] = [remark for remark in report.remarks if remark.startswith("near-duplicates of different patients")]
    assert strangers.endswith("pairs: 20, of 32 images in 14 groups")
    assert {frozenset(name[:10] for name in pair[:2]) for pair in report.near_duplicates} == {
        frozenset({"patient074", "patient076"})
    }
