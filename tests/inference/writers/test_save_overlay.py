"""The overlay of a case shows its image with its labels, as a viewer does."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Lambdad
from PIL import Image

from srs_monai.data.transforms import CTWindowd
from srs_monai.inference import SaveImageOverlayd
from srs_monai.inference.writers import save_overlay
from srs_monai.inference.writers.written_labels import Colours
from srs_monai.labels import TISSUE, Label


def overlay(folder: Path) -> np.ndarray:
    with Image.open(next(folder.glob("*_overlay.png"))) as picture:
        return np.asarray(picture)


def test_an_overlay_keeps_the_colours_of_a_picture_of_8_bits(tmp_path: Path) -> None:
    stored = torch.randint(0, 256, (3, 20, 30)).float()
    image = MetaTensor(stored, meta={"stored_max": 255.0, "filename_or_obj": "a.png"})
    item = {"image": image, "pred": MetaTensor(torch.zeros(1, 20, 30))}
    SaveImageOverlayd("pred", "image", tmp_path, scaling=Lambdad("image", lambda picture: picture.flip(0) / 9))(item)
    np.testing.assert_array_equal(overlay(tmp_path), stored.numpy().transpose(1, 2, 0))


def test_an_overlay_has_the_colours_that_labels_were_given(tmp_path: Path) -> None:
    labels = [Label("one", TISSUE, colour=(1, 2, 3)), Label("two", TISSUE)]
    image = MetaTensor(torch.zeros(1, 2, 3), meta={"filename_or_obj": "a.png"})
    item = {"image": image, "pred": MetaTensor(torch.tensor([[[0, 1, 1], [0, 2, 2]]]))}
    SaveImageOverlayd("pred", "image", tmp_path, labels=labels)(item)
    assert overlay(tmp_path)[:, 2].tolist() == [[1, 2, 3], list(Colours().of(2))]


def test_an_overlay_scales_other_images_as_it_is_told(tmp_path: Path) -> None:
    hu = MetaTensor(torch.tensor([[[-1000.0, -125, -25, 275]]]), meta={"modality": "CT"})
    item = {"image": hu, "pred": MetaTensor(torch.zeros(1, 1, 4))}
    SaveImageOverlayd("pred", "image", tmp_path, scaling=CTWindowd("image"))(item)
    assert overlay(tmp_path)[0, :, 0].tolist() == [0, 0, 64, 255]


@pytest.mark.parametrize(
    ("codes", "size", "sides"),
    [("LPS", (5, 6, 2), "RL"), ("RAS", (5, 6, 2), "RL"), ("PIR", (5, 6, 1), "AP"), ("RSP", (5, 6, 1), "RL")],
)
def test_an_overlay_marks_the_patients_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codes: str, size: tuple[int, int, int], sides: str
) -> None:
    """Axial and coronal slices have the patient's right at the left, sagittal ones look at him from his left."""
    marked: list[tuple[str, str]] = []

    def montage(
        volume: np.ndarray, labels: np.ndarray, sides: tuple[str, str] = ("", ""), **options: Any
    ) -> np.ndarray:
        marked.append(sides)
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr(save_overlay, "overlay_montage", montage)
    affine = nib.orientations.inv_ornt_aff(nib.orientations.axcodes2ornt(codes), size).T
    affine = np.vstack([affine[:3, :3] @ np.eye(3, 4), [0, 0, 0, 1]])
    volume = MetaTensor(torch.rand(1, *size), affine=affine, meta={"spacing_unit": "mm"})
    SaveImageOverlayd("pred", "image", tmp_path)({"image": volume, "pred": (volume > 2).float()})
    volume.meta["spacing_unit"] = "pixels"  # from a file that knows of no patient
    SaveImageOverlayd("pred", "image", tmp_path)({"image": volume, "pred": (volume > 2).float()})
    assert ["".join(pair) for pair in marked] == [sides, ""]
