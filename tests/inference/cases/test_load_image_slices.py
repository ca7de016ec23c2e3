"""An image is loaded as MONAI loads it; of an open volume some slices are, in their place."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from monai.transforms import LoadImaged
from PIL import Image

from srs_monai.data.readers import MedicalImageReader
from srs_monai.inference import LoadImageSlicesd

VALUES = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
AFFINE = np.diag([2.0, 3.0, 4.0, 1.0])


@pytest.fixture
def path(tmp_path: Path) -> str:
    nib.save(nib.Nifti1Image(VALUES, AFFINE), tmp_path / "v.nii")
    return str(tmp_path / "v.nii")


def test_called_it_is_load_imaged(path: str) -> None:
    reader = MedicalImageReader()
    ours, theirs = (kind("image", reader=reader)({"image": path})["image"] for kind in (LoadImageSlicesd, LoadImaged))
    assert ours.equal(theirs)
    assert ours.affine.equal(theirs.affine)
    assert isinstance(LoadImageSlicesd("image", reader), LoadImaged)


def test_slices_of_an_open_volume_lie_where_they_lie_in_the_whole(path: str) -> None:
    loader = LoadImageSlicesd("image", MedicalImageReader())
    volume = loader.open(path)
    assert volume is not None
    item = {"image": path, "name": "v"}
    loaded = loader.load(item, volume, range(1, 3))
    np.testing.assert_array_equal(loaded["image"], VALUES[..., 1:3])
    np.testing.assert_array_equal(loaded["image"].affine[:3, 3], [0, 0, 4])
    assert (loaded["name"], item["image"]) == ("v", path)
    np.testing.assert_array_equal(loader.load(item, volume)["image"], VALUES)


def test_a_picture_is_not_opened(tmp_path: Path) -> None:
    Image.new("L", (3, 2)).save(tmp_path / "p.png")
    assert LoadImageSlicesd("image", MedicalImageReader()).open(tmp_path / "p.png") is None
