"""ACDC as NIfTI, as HDF5 and as images."""

import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from monai.transforms import Compose, LoadImaged

from srs_monai.data import load_datalist
from srs_monai.data.readers import MaskReader
from srs_monai.data.recipes import recipe
from srs_monai.data.transforms import MaskToLabelsd


def write_patient(folder: Path, patient: int, frames: tuple[int, ...] = (1, 12)) -> None:
    """A patient as the challenge gives it out, of volumes (3, 4, 2)."""
    name = f"patient{patient:03d}"
    (folder / name).mkdir(parents=True)
    random = np.random.default_rng(patient)
    (folder / name / "Info.cfg").write_text("ED: 1\nES: 12\n")
    nib.save(
        nib.Nifti1Image(random.random((3, 4, 2, 12)).astype(np.float32), np.eye(4)),
        folder / name / f"{name}_4d.nii.gz",
    )
    for frame in frames:
        image = random.random((3, 4, 2)).astype(np.float32)
        label = random.integers(0, 4, (3, 4, 2)).astype(np.uint8)
        nib.save(nib.Nifti1Image(image, np.eye(4)), folder / name / f"{name}_frame{frame:02d}.nii.gz")
        nib.save(nib.Nifti1Image(label, np.eye(4)), folder / name / f"{name}_frame{frame:02d}_gt.nii.gz")


@pytest.mark.parametrize("place", [".", "database", "ACDC"])
def test_the_challenge_s_folders_are_its_split(tmp_path: Path, place: str) -> None:
    for patient in (1, 2, 3):
        write_patient(tmp_path / place / "training", patient)
    write_patient(tmp_path / place / "testing", 101, (1, 14))
    (tmp_path / place / "training" / "MANDATORY_CITATION.md").write_text("cite")
    known = recipe("acdc")
    cases = known.cases(tmp_path)
    assert [case.name for case in cases if case.section == "test"] == ["patient101_frame01", "patient101_frame14"]
    assert len(cases) == 8
    assert all(Path(case.masks[0]).name == f"{case.name}_gt.nii.gz" for case in cases)
    official = known.published(tmp_path, cases)["official"]
    assert (len(official["training"]), len(official["test"])) == (6, 2)
    lists = load_datalist(tmp_path, recipe="acdc", split="official")
    assert [len(items) for items in lists.values()] == [8, 4, 4]  # slices of 2, 1 and 1 patients
    patients = [{Path(item["image"]).parent.name for item in items} for items in lists.values()]
    assert not patients[0] & patients[1]


def test_patients_folders_alone_are_drawn_by_patient(tmp_path: Path) -> None:
    for patient in range(1, 5):
        write_patient(tmp_path, patient)
    assert "official" not in recipe("acdc").published(tmp_path, recipe("acdc").cases(tmp_path))
    for split in ("1", "2", "3"):
        lists = load_datalist(tmp_path, recipe="acdc", split=split)
        training, validation = (
            {Path(item["image"]).name.split("_")[0] for item in lists[section]}
            for section in ("training", "validation")
        )
        assert len(training) == 3
        assert len(validation) == 1
        assert not training & validation


def test_a_missing_ground_truth_is_seen(tmp_path: Path) -> None:
    write_patient(tmp_path, 1)
    (tmp_path / "patient001" / "patient001_frame12_gt.nii.gz").unlink()
    one, two = recipe("acdc").cases(tmp_path)
    assert len(one.masks) == 1
    assert two.masks == ()


def test_a_file_in_a_folder_of_its_name_is_found(tmp_path: Path) -> None:
    write_patient(tmp_path, 1, (1,))
    patient = tmp_path / "patient001"
    path = patient / "patient001_frame01.nii.gz"
    moved = path.rename(patient / "aside")
    path.mkdir()
    moved.rename(path / path.name)
    [case] = recipe("acdc").cases(tmp_path)
    assert case.image == str(path / path.name)


@pytest.fixture
def hdf5(datasets: Path, tmp_path: Path) -> Path:
    """The real slices of one patient and the real volumes of another, with their lists."""
    for name in ("slices", "volumes"):
        shutil.copytree(datasets / "acdc" / name, tmp_path / name, copy_function=shutil.copyfile)
    for name in ("train_slices.txt", "val_volumes.txt"):
        shutil.copyfile(datasets / "acdc" / name, tmp_path / name)
    return tmp_path


def test_slices_and_volumes_of_hdf5_are_listed(hdf5: Path) -> None:
    known = recipe("acdc")
    cases = known.cases(hdf5)
    assert len(cases) == 14
    assert {case.patient for case in cases} == {"patient001", "patient002"}
    assert len(known.published(hdf5, cases)["listed"]["training"]) == 12
    lists = load_datalist(hdf5, recipe="acdc", split="listed")
    assert [len(items) for items in lists.values()] == [12, 20, 0]
    to_labels = Compose(
        [LoadImaged("label", reader=MaskReader(), ensure_channel_first=True), MaskToLabelsd("label", num_classes=4)]
    )
    label = to_labels({key: lists["training"][0][key] for key in ("label", "label_values")})["label"]
    assert set(label.unique().tolist()) <= {0, 1, 2, 3}


def test_slices_of_a_frame_that_is_there_as_a_volume_are_not_counted_twice(hdf5: Path) -> None:
    shutil.copyfile(hdf5 / "volumes" / "patient002_frame01.h5", hdf5 / "volumes" / "patient001_frame01.h5")
    known = recipe("acdc")
    cases = known.cases(hdf5)
    names = [case.name for case in cases if case.patient == "patient001"]
    assert names == ["patient001_frame01", "patient001_frame12_slice_0", "patient001_frame12_slice_1"]
    listed = known.published(hdf5, cases)["listed"]
    assert listed["training"] == names


def test_images_are_drawn_by_patient(datasets: Path, tmp_path: Path) -> None:
    for patient in ("patient001", "patient002", "patient003"):
        for name in ("images", "masks"):
            (tmp_path / name).mkdir(exist_ok=True)
            for path in (datasets / "acdc" / name).glob(f"{patient}_frame01_slice_*"):
                shutil.copyfile(path, tmp_path / name / path.name)
    lists = load_datalist(tmp_path, recipe="acdc", split="2")
    training, validation = (
        {Path(item["image"]).name.split("_")[0] for item in lists[section]} for section in ("training", "validation")
    )
    assert (len(training), len(validation)) == (2, 1)
    assert not training & validation


def test_all_images_lie_beside_the_hdf5_files_and_come_first(datasets: Path) -> None:
    known = recipe("acdc")
    cases = known.cases(datasets / "acdc")
    assert len(cases) == 1902
    assert len({case.patient for case in cases}) == 100
    listed = known.published(datasets / "acdc", cases)["listed"]
    assert len(listed["training"]) == 12
    assert len(listed["validation"]) == 20  # the slices of two volumes
    assert {name.split("_slice_")[0] for name in listed["validation"]} == {"patient002_frame01", "patient002_frame12"}
