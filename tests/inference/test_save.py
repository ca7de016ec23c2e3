"""Files of results carry the item's name, and the mask comes last."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import SaveImaged
from PIL import Image

from srs_monai.inference import SaveImageMaskd, SaveImageOverlayd
from srs_monai.inference.results import is_finished, result_name

AFFINE = np.diag([0.5, 0.7, 2.5, 1.0])


def volume(channels: int = 1) -> MetaTensor:
    meta = {"filename_or_obj": "/x/scan.nii.gz", "source_kind": "dicom"}
    return MetaTensor(torch.rand(channels, 4, 5, 6), affine=AFFINE, meta=meta)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_picture_has_png_results(tmp_path: Path) -> None:
    labels = torch.zeros(1, 4, 6)
    labels[0, 1, 2] = 1
    item = {"name": "sub/a", "image": torch.rand(3, 4, 6), "pred": MetaTensor(labels), "p": MetaTensor(labels / 2)}
    SaveImageOverlayd("pred", "image", tmp_path)(item)
    assert not is_finished(tmp_path, "sub/a")
    SaveImageMaskd("pred", tmp_path, probability_key="p")(item)
    assert is_finished(tmp_path, "sub/a")
    assert files(tmp_path) == {"sub/a_mask.png", "sub/a_overlay.png", "sub/a_probability.png"}
    with Image.open(tmp_path / "sub" / "a_mask.png") as mask:
        assert mask.size == (6, 4)
        assert mask.getpixel((2, 1)) == 255
    with Image.open(tmp_path / "sub" / "a_overlay.png") as overlay:
        assert overlay.size == (6, 4)


def test_a_picture_of_several_classes(tmp_path: Path) -> None:
    labels = torch.arange(24).reshape(1, 4, 6) % 3
    item = {"name": "a", "pred": MetaTensor(labels), "p": MetaTensor(torch.rand(3, 4, 6))}
    SaveImageMaskd("pred", tmp_path, binary=False, probability_key="p")(item)
    assert files(tmp_path) == {"a_mask.png", *(f"a_probability_{i}.png" for i in range(3))}
    with Image.open(tmp_path / "a_mask.png") as mask:
        np.testing.assert_array_equal(np.asarray(mask), labels[0])


@pytest.mark.parametrize("classes", [1, 3])
def test_a_volume_has_nifti_results(tmp_path: Path, classes: int) -> None:
    probability = volume(classes)
    labels = (probability[:1] > 0.5).float()
    item = {"pred": labels, "p": probability, "image": volume(3)}
    SaveImageOverlayd("pred", "image", tmp_path)(item)
    SaveImageMaskd("pred", tmp_path, probability_key="p")(item)
    assert files(tmp_path) == {"scan_mask.nii.gz", "scan_overlay.png", "scan_probability.nii.gz"}
    mask = nib.load(tmp_path / "scan_mask.nii.gz")
    assert mask.get_data_dtype() == np.uint8
    np.testing.assert_allclose(mask.affine, AFFINE, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(mask.dataobj), labels[0].numpy())
    written = nib.load(tmp_path / "scan_probability.nii.gz").get_fdata(dtype=np.float32)
    expected = probability.numpy()[0] if classes == 1 else np.moveaxis(probability.numpy(), 0, -1)
    np.testing.assert_array_equal(written, expected)


def test_a_volume_without_affine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="follows from its affine"):
        SaveImageMaskd("pred", tmp_path)({"name": "a", "pred": torch.zeros(1, 2, 3, 4)})


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/x/a.nii.gz", "a"),
        ("/x/b.c.png", "b.c"),
        ("/x/d.DCM", "d"),
        ("/x/series", "series"),
        ("/x/1.2.840", "1.2.840"),
        ("", "image"),
    ],
)
def test_without_a_name_results_are_called_after_the_file(path: str, name: str) -> None:
    assert result_name({}, MetaTensor(torch.zeros(1, 2, 2), meta={"filename_or_obj": path})) == name


def test_tools_that_write_results_themselves_can_tell_these_transforms(tmp_path: Path) -> None:
    for transform in (SaveImageMaskd("pred", tmp_path), SaveImageOverlayd("pred", "image", tmp_path)):
        assert isinstance(transform, SaveImaged)  # MONAI Label
        assert type(transform).__name__.startswith("SaveImage")  # MONAI Deploy
