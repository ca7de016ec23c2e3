"""The overlays of Synapse and ACDC prepare images and labels as their forms need it."""

from pathlib import Path
from typing import Any

import h5py
import nibabel as nib
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser

from srs_monai.errors import root_cause

ROOT = Path(__file__).resolve().parents[3]
SIDE = 16


def parsed(overlay: str, folder: Path, **options: Any) -> ConfigParser:
    parser = ConfigParser()
    parser.read_config(
        [str(ROOT / "bundle" / "configs" / "train.yaml"), str(ROOT / "configs" / "datasets" / f"{overlay}.yaml")]
    )
    parser.update({"dataset_dir": str(folder), "output_dir": str(folder / "out"), "image_size": [SIDE, SIDE]})
    parser.update(options)
    return parser


def prepared(parser: ConfigParser, section: str) -> dict[str, Any]:
    """The last item of a section after the deterministic transforms."""
    item = parser.get_parsed_content("datalists")[section][-1]
    result: dict[str, Any] = parser.get_parsed_content("validate#preprocessing")(item)
    return result


@pytest.fixture
def btcv(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name in ("img", "label"):
        (tmp_path / name).mkdir()
    for number in (1, 5, 6):
        hu = random.integers(-1024, 1500, (SIDE, SIDE, 3)).astype(np.int16)
        nib.save(nib.Nifti1Image(hu, np.diag([-1, -1, 3, 1.0])), tmp_path / "img" / f"img{number:04d}.nii.gz")
        organs = random.integers(0, 14, (SIDE, SIDE, 3)).astype(np.uint8)
        nib.save(nib.Nifti1Image(organs, np.diag([-1, -1, 3, 1.0])), tmp_path / "label" / f"label{number:04d}.nii.gz")
    return tmp_path


def test_volumes_of_synapse_are_windowed_and_renumbered(btcv: Path) -> None:
    item = prepared(parsed("synapse", btcv), "test")
    hu = nib.load(btcv / "img" / "img0001.nii.gz").get_fdata()[:, :, 2].T  # an L, P, S volume: columns come first
    np.testing.assert_allclose(item["image"][0], np.clip((hu + 125) / 400, 0, 1), atol=1e-6)
    assert item["image"].shape == (3, SIDE, SIDE)
    organs = np.asarray(nib.load(btcv / "label" / "label0001.nii.gz").dataobj)[:, :, 2].T
    np.testing.assert_array_equal(item["label"][0] == 5, organs == 6)  # the liver
    np.testing.assert_array_equal(item["label"][0] == 0, np.isin(organs, (0, 5, 9, 10, 12, 13)))


@pytest.fixture
def transunet(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name in ("train_npz", "test_vol_h5"):
        (tmp_path / name).mkdir()
    for case in ("case0005", "case0006"):
        np.savez(
            tmp_path / "train_npz" / f"{case}_slice000.npz",
            image=random.random((SIDE, SIDE), dtype=np.float32) * 0.8,
            label=random.integers(0, 9, (SIDE, SIDE)).astype(np.float32),
        )
    with h5py.File(tmp_path / "test_vol_h5" / "case0001.npy.h5", "w") as file:
        file["image"] = random.random((2, SIDE, SIDE), dtype=np.float32)
        file["label"] = random.integers(0, 9, (2, SIDE, SIDE)).astype(np.float32)
    return tmp_path


def test_transunet_s_arrays_are_left_as_they_are(transunet: Path) -> None:
    parser = parsed("synapse_npz", transunet)
    test = prepared(parser, "test")
    with h5py.File(transunet / "test_vol_h5" / "case0001.npy.h5") as file:
        torch.testing.assert_close(test["image"][0], torch.as_tensor(file["image"][1]))
        torch.testing.assert_close(test["label"][0], torch.as_tensor(file["label"][1]))
    training = prepared(parser, "training")
    assert 0.7 < float(training["image"].max()) <= 0.8


def test_the_window_is_refused_for_transunet_s_arrays(transunet: Path) -> None:
    with pytest.raises(RuntimeError) as caught:
        prepared(parsed("synapse", transunet), "test")
    assert "is an array from 0 to 1, which holds brightness; use intensity 'range'" in str(root_cause(caught.value))


def test_raw_values_are_refused_where_they_must_be_scaled(transunet: Path) -> None:
    with h5py.File(transunet / "test_vol_h5" / "case0001.npy.h5", "r+") as file:
        file["image"][0, 0, 0] = 1638
    with pytest.raises(RuntimeError) as caught:
        prepared(parsed("synapse_npz", transunet), "test")
    assert "has none; choose 'percentile'" in str(root_cause(caught.value))


def test_slices_of_acdc_are_left_as_they_are(datasets: Path, tmp_path: Path) -> None:
    (tmp_path / "slices").symlink_to(datasets / "acdc" / "slices", target_is_directory=True)
    (tmp_path / "volumes").symlink_to(datasets / "acdc" / "volumes", target_is_directory=True)
    parser = parsed("acdc", tmp_path, image_size=[256, 232])
    items = parser.get_parsed_content("datalists")
    [section] = [name for name in ("training", "validation") if "volumes" in items[name][0]["image"]]
    item = prepared(parser, section)
    with h5py.File(datasets / "acdc" / "volumes" / "patient002_frame12.h5") as file:
        torch.testing.assert_close(item["image"][0], torch.as_tensor(file["image"][9]))
        torch.testing.assert_close(item["label"][0], torch.as_tensor(file["label"][9], dtype=torch.float32))
