"""Labels are loaded on the grid of their image, whatever file they come from."""

from pathlib import Path

import numpy as np
import pytest
from dicom_files import write_series
from dicom_labels import write_seg
from monai.data import MetaTensor
from monai.transforms import LoadImaged
from PIL import Image

from srs_monai.data import LoadLabeld
from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.transforms import AsSeend


def test_masks_without_dicom_are_read_as_they_are(tmp_path: Path) -> None:
    for i in range(2):
        Image.fromarray(np.uint8(255) * (np.arange(12).reshape(3, 4) % 3 == i)).save(tmp_path / f"{i}.png")
    names = [str(tmp_path / f"{i}.png") for i in range(2)]
    union = LoadLabeld("label")({"label": names})["label"]
    np.testing.assert_array_equal(union[0], np.arange(12).reshape(3, 4) % 3 < 2)
    assert set(LoadLabeld("label", allow_missing_keys=True)({"image": "a", "region_numbers": {"a": 1}})) == {"image"}


def test_regions_lie_and_turn_with_their_image(tmp_path: Path) -> None:
    series = write_series(tmp_path / "ct", orientation=(-1.0, 0.0, 0.0, 0.0, -1.0, 0.0))
    path = write_seg(tmp_path / "seg.dcm", series.files, {"bright": series.stored > 1000, "dark": series.stored < 100})
    item = {"image": str(series.folder), "label": str(path), "region_numbers": {"bright": 1}}
    loaded = LoadLabeld("label")(LoadImaged("image", reader=MedicalImageReader(), ensure_channel_first=True)(item))
    assert "region_numbers" not in loaded
    seen = AsSeend(["image", "label"])(loaded)
    assert isinstance(seen["label"], MetaTensor)
    np.testing.assert_array_equal(seen["label"], seen["image"] > 1000 - 1024)
    np.testing.assert_array_equal(seen["label"].affine, seen["image"].affine)
    assert seen["label"].meta["filename_or_obj"] == str(path)


def test_regions_need_a_volume_that_is_loaded(tmp_path: Path) -> None:
    series = write_series(tmp_path / "ct")
    path = str(write_seg(tmp_path / "seg.dcm", series.files, {"a": series.stored > 1000}))
    for image in ({}, {"image": str(series.folder)}, {"image": MetaTensor(np.zeros((1, 4, 5)))}):
        with pytest.raises(ValueError, match=r"the regions of .*seg.dcm need a volume, but 'image' holds"):
            LoadLabeld("label")({**image, "label": path})
