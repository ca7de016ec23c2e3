"""Synapse as BTCV gives it out, and as TransUNet prepared it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import nibabel as nib
import numpy as np
import pytest
from monai.transforms import Compose, LoadImaged

from srs_monai.data import load_datalist
from srs_monai.data.readers import MaskReader, MedicalImageReader
from srs_monai.data.recipes import recipe
from srs_monai.data.transforms import AsSeend, CheckSameSized, MaskToLabelsd, PickSliced

# what TotalSegmentator writes, and what BTCV's label files write for the same organ
BTCV_OF_117 = {1: 1, 2: 2, 3: 3, 4: 4, 15: 5, 5: 6, 6: 7, 52: 8, 63: 9, 64: 10, 7: 11, 8: 12, 9: 13}
# https://github.com/Beckschen/TransUNet, lists/lists_Synapse/test_vol.txt
TEST_CASES = (
    "case0008 case0022 case0038 case0036 case0032 case0002 case0029 case0003 case0001 case0004 case0025 case0035"
)


def labels_of(item: dict[str, Any]) -> np.ndarray:
    to_labels = Compose(
        [
            LoadImaged("label", reader=MaskReader(), ensure_channel_first=True),
            MaskToLabelsd("label", num_classes=9),
        ]
    )
    label: np.ndarray = to_labels({key: value for key, value in item.items() if key != "slice"})["label"].numpy()
    return label[0]


@pytest.fixture
def write_btcv() -> Callable[..., Path]:
    """Volumes of 3 slices with all of BTCV's numbers, or the given one, in its layout."""

    def write(folder: Path, numbers: list[int], label: Path | None = None) -> Path:
        for name in ("img", "label"):
            (folder / name).mkdir(parents=True)
        for number in numbers:
            labels = np.resize(np.arange(14, dtype=np.uint8), (4, 5, 3)) if label is None else nib.load(label).dataobj
            affine = np.eye(4) if label is None else nib.load(label).affine
            hu = np.random.default_rng(number).normal(size=labels.shape).astype(np.float32)
            nib.save(nib.Nifti1Image(hu, affine), folder / "img" / f"img{number:04d}.nii.gz")
            nib.save(nib.Nifti1Image(np.asarray(labels), affine), folder / "label" / f"label{number:04d}.nii.gz")
        return folder

    return write


def test_btcv_s_numbers_become_transunet_s_on_real_organs(
    datasets: Path, tmp_path: Path, write_btcv: Callable[..., Path]
) -> None:
    folder = datasets / "ct_abdomen"
    many = nib.load(folder / "totalseg_example_label117.nii.gz")
    stored = np.asarray(many.dataobj)
    btcv = np.zeros(stored.shape, np.uint8)
    for number, btcv_number in BTCV_OF_117.items():
        btcv[stored == number] = btcv_number
    assert set(np.unique(btcv)) >= {1, 2, 3, 4, 6, 7, 8, 11}
    nib.save(nib.Nifti1Image(btcv, many.affine), tmp_path / "btcv.nii.gz")
    write_btcv(tmp_path / "RawData" / "Training", [1, 5, 6], tmp_path / "btcv.nii.gz")
    lists = load_datalist(tmp_path, recipe="synapse", split="official")
    expected = np.asarray(nib.load(folder / "totalseg_example_label_synapse8.nii.gz").dataobj)
    np.testing.assert_array_equal(labels_of(lists["training"][0]), expected)


def test_the_names_are_those_of_the_numbers(datasets: Path) -> None:
    names = json.loads((datasets / "ct_abdomen" / "labels.json").read_text())["label_synapse8"]
    assert [label.name for label in recipe("synapse").labels] == [names[str(number)] for number in range(1, 9)]


def test_every_number_of_btcv_is_an_organ_or_background(tmp_path: Path, write_btcv: Callable[..., Path]) -> None:
    write_btcv(tmp_path, [5, 6, 1])
    item = load_datalist(tmp_path, recipe="synapse", split="official")["training"][0]
    stored = np.asarray(nib.load(item["label"]).dataobj)
    #            0  spleen rk lk gb  oes liver stomach aorta ivc veins pancreas adrenals
    mapping = np.array([0, 7, 4, 3, 2, 0, 5, 8, 1, 0, 0, 6, 0, 0])
    np.testing.assert_array_equal(labels_of(item), mapping[stored])
    broken = nib.load(item["label"])
    nib.save(nib.Nifti1Image(stored + np.uint8(1), broken.affine), item["label"])
    with pytest.raises(RuntimeError) as caught:
        labels_of(item)
    assert "holds 14" in str(caught.value.__cause__)


def test_the_official_split_is_transunet_s(tmp_path: Path, write_btcv: Callable[..., Path]) -> None:
    numbers = [*range(1, 11), *range(21, 41)]
    write_btcv(tmp_path / "Training", numbers)
    known = recipe("synapse")
    official = known.published(tmp_path, known.cases(tmp_path))["official"]
    assert sorted(official["test"]) == sorted(TEST_CASES.split())
    assert len(official["training"]) == 18
    assert not official["validation"]


@pytest.mark.parametrize("place", ["RawData/Training", "Training", "."])
def test_volumes_are_found_where_people_unpack_them(
    tmp_path: Path, place: str, write_btcv: Callable[..., Path]
) -> None:
    write_btcv(tmp_path / place, [1, 21])
    (tmp_path / "RawData" / "Testing" / "img").mkdir(parents=True)
    cases = recipe("synapse").cases(tmp_path)
    assert [(case.name, case.patient, case.section) for case in cases] == [
        ("case0001", "case0001", "test"),
        ("case0021", "case0021", "training"),
    ]


def test_what_has_no_partner_is_left_for_the_caller_to_see(tmp_path: Path, write_btcv: Callable[..., Path]) -> None:
    write_btcv(tmp_path, [1, 2, 3])
    (tmp_path / "img" / "img0002.nii.gz").unlink()
    (tmp_path / "label" / "label0003.nii.gz").unlink()
    one, two, three = recipe("synapse").cases(tmp_path)
    assert Path(one.image).name == "img0001.nii.gz"
    assert (two.image, len(two.masks)) == ("", 1)
    assert (Path(three.image).name, three.masks) == ("img0003.nii.gz", ())


@pytest.fixture
def transunet(tmp_path: Path) -> Path:
    """Two training cases of two slices, one test volume of three, in TransUNet's layout."""
    random = np.random.default_rng(0)
    for name in ("train_npz", "test_vol_h5"):
        (tmp_path / name).mkdir()
    for case in ("case0005", "case0031"):
        for number in range(2):
            np.savez(
                tmp_path / "train_npz" / f"{case}_slice{number:03d}.npz",
                image=random.random((8, 8), dtype=np.float32),
                label=random.integers(0, 9, (8, 8)).astype(np.float32),
            )
    with h5py.File(tmp_path / "test_vol_h5" / "case0008.npy.h5", "w") as file:
        file["image"], file["label"] = random.random((3, 8, 8)), random.integers(0, 9, (3, 8, 8))
    return tmp_path


def test_transunet_s_form_keeps_its_numbers_and_its_split(transunet: Path) -> None:
    lists = load_datalist(transunet, recipe="synapse", split="official", val_fraction=0.5)
    assert [len(lists[section]) for section in ("training", "validation", "test")] == [2, 2, 3]
    cases = {Path(item["image"]).parent.name.split("_")[0] for item in lists["training"]}
    assert len(cases) == 1  # both slices of a case stay together
    keys = ("image", "label")
    load = Compose(
        [
            LoadImaged("image", reader=MedicalImageReader(), ensure_channel_first=True),
            LoadImaged("label", reader=MaskReader(), ensure_channel_first=True),
            AsSeend(keys),
            CheckSameSized(keys),
            MaskToLabelsd("label", num_classes=9),
            PickSliced(keys),
        ]
    )
    test = lists["test"][2]
    assert test["slice"] == 2
    seen = load(test)
    with h5py.File(transunet / "test_vol_h5" / "case0008.npy.h5") as file:
        np.testing.assert_array_equal(seen["label"][0].numpy(), file["label"][2])
        np.testing.assert_allclose(seen["image"][0].numpy(), file["image"][2], rtol=1e-6)


def test_transunet_s_lists_are_taken_where_they_are(transunet: Path) -> None:
    folder = transunet / "lists" / "lists_Synapse"
    folder.mkdir(parents=True)
    (folder / "train.txt").write_text("case0005_slice000\ncase0031_slice001\n")
    (folder / "test_vol.txt").write_text("case0008\n")
    known = recipe("synapse")
    official = known.published(transunet, known.cases(transunet))["official"]
    assert official == {"training": ["case0005_slice000", "case0031_slice001"], "test": ["case0008"]}


def test_loose_slices_are_drawn_by_case(datasets: Path) -> None:
    cases = recipe("synapse").cases(datasets / "chaos_mri")
    assert len(cases) == 98
    assert {case.patient for case in cases} == {"case0001", "case0003", "case0008"}
    assert {case.section for case in cases} == {None}
    lists = load_datalist(datasets / "chaos_mri", recipe="synapse", split="1")
    assert sum(map(len, lists.values())) == 98
