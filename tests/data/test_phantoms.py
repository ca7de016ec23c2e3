"""Phantoms are written in the folder format and as NIfTI, the same for the same seed."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from PIL import Image

from srs_monai.data import load_datalist
from srs_monai.data.phantoms import VOLUME_ORIGIN, write_phantom_volume, write_phantoms
from srs_monai.data.readers import PictureReader, picture_size
from srs_monai.data.transforms import AsSeend


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_folder_format_is_written(tmp_path: Path) -> None:
    write_phantoms(tmp_path, count=8, size=(48, 64))
    datalist = load_datalist(tmp_path)
    assert (len(datalist["training"]), len(datalist["validation"])) == (6, 2)
    for item in datalist["training"] + datalist["validation"]:
        image, mask = (PictureReader().get_data(item[key])[0] for key in ("image", "label"))
        assert image.shape == mask.shape == (1, 48, 64)
        assert np.unique(mask).tolist() == [0, 255]


def test_the_seed_says_it_all(tmp_path: Path) -> None:
    for name, options in (("a", {}), ("again", {}), ("other", {"seed": 1}), ("more", {"count": 6})):
        write_phantoms(tmp_path / name, **{"count": 4, "size": (32, 32)} | options)  # type: ignore[arg-type]
    first, again, other, more = (contents(tmp_path / name) for name in ("a", "again", "other", "more"))
    assert first == again
    pictures = [name for name in first if name.endswith(".png")]
    assert len(pictures) == 8
    assert all(first[name] != other[name] for name in pictures)
    assert all(first[name] == more[name] for name in pictures)


def test_phantoms_are_written_over_but_nothing_else(tmp_path: Path) -> None:
    write_phantoms(tmp_path, count=3, size=(32, 32), val_fraction=0.4)
    write_phantoms(tmp_path, count=2, size=(40, 32), val_fraction=0.4)
    assert picture_size(tmp_path / "images" / "phantom_001.png") == (40, 32)
    Image.new("L", (4, 4)).save(tmp_path / "masks" / "patient.png")
    with pytest.raises(ValueError, match=r"patient\.png is there"):
        write_phantoms(tmp_path, count=2, size=(32, 32), val_fraction=0.4)


@pytest.mark.parametrize("size", [(16, 128), (128,), (64, 64, 8)])
def test_senseless_sizes_are_refused(tmp_path: Path, size: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least 32 pixels each; got"):
        write_phantoms(tmp_path / "a", size=size)
    with pytest.raises(ValueError, match=r"val_fraction 0.25 of 1 images"):
        write_phantoms(tmp_path / "a", count=1)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_a_volume_and_its_labels_share_a_grid_off_the_origin(tmp_path: Path, ending: str) -> None:
    write_phantom_volume(tmp_path / f"v{ending}", shape=(40, 48, 8), spacing=(0.8, 0.9, 2.5), seed=2)
    image, labels = nib.load(tmp_path / f"v{ending}"), nib.load(tmp_path / f"v_label{ending}")
    assert image.shape == labels.shape == (40, 48, 8)
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    np.testing.assert_allclose(np.diag(image.affine), [0.8, 0.9, 2.5, 1])
    np.testing.assert_allclose(image.affine[:3, 3], VOLUME_ORIGIN)
    np.testing.assert_array_equal(image.affine, labels.affine)
    assert np.unique(labels.dataobj).tolist() == [0, 1]


def test_the_skin_of_a_volume_is_seen_on_top(tmp_path: Path) -> None:
    write_phantom_volume(tmp_path / "v.nii", shape=(40, 48, 4))
    stored = nib.load(tmp_path / "v.nii")
    volume = MetaTensor(torch.from_numpy(stored.get_fdata())[None], affine=stored.affine)
    seen = AsSeend("image")({"image": volume})["image"]
    assert seen.shape == (1, 48, 40, 4)
    assert seen[:, :3].mean() > seen[:, 20:26].mean() > seen[:, -4:].mean()


def test_senseless_volumes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.nii\.gz; got .*v\.mha"):
        write_phantom_volume(tmp_path / "v.mha")
    for options in ({"shape": (16, 64, 4)}, {"shape": (64, 64)}, {"spacing": (1, 1, 0)}):
        with pytest.raises(ValueError, match="at least 32 x 32 x 1 voxels"):
            write_phantom_volume(tmp_path / "v.nii", **options)  # type: ignore[arg-type]
