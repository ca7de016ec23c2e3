"""Files of results carry the item's name, and the sidecar comes last."""

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import SaveImaged
from PIL import Image

from srs_monai.inference import Run, SaveImageMaskd, SaveImageOverlayd
from srs_monai.inference.results.result_names import is_finished
from srs_monai.inference.writers import save_mask
from srs_monai.inference.writers.save_mask import modality_warnings
from srs_monai.labels import Code, Label

AFFINE = np.diag([0.5, 0.7, 2.5, 1.0])
CODE = {"value": "10200004", "scheme": "SCT", "meaning": "Liver"}
LABELS = (Label("liver", Code("10200004", "Liver")),)


def volume(channels: int = 1) -> MetaTensor:
    meta = {"filename_or_obj": "/x/scan.nii.gz", "source_kind": "made", "spacing_unit": "mm", "notes": "as made"}
    return MetaTensor(torch.rand(channels, 4, 5, 6), affine=AFFINE, meta=meta)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def sidecar(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text())
    return {key: content[key] for key in ("source", "name", "format", "files", "labels", "warnings", "device")}


def test_a_picture_has_png_results(tmp_path: Path) -> None:
    labels = torch.zeros(1, 4, 6)
    labels[0, 1, 2] = 1
    item = {"name": "sub/a", "image": torch.rand(3, 4, 6), "pred": MetaTensor(labels), "p": MetaTensor(labels / 2)}
    item = SaveImageOverlayd("pred", "image", tmp_path)(item)
    assert not is_finished(tmp_path, "sub/a")
    SaveImageMaskd("pred", tmp_path, probability_key="p", labels=LABELS, run=Run(device="cpu"))(item)
    assert is_finished(tmp_path, "sub/a")
    written = ["a_mask.png", "a_overlay.png", "a_probability.png"]
    assert files(tmp_path) == {"sub/a.json", *(f"sub/{file}" for file in written)}
    assert sidecar(tmp_path / "sub" / "a.json") == {
        "source": "",
        "name": "sub/a",
        "format": "png",
        "files": written,
        "labels": [{"number": 1, "name": "liver", "pixels": 1, "area_px": 1.0, "code": CODE}],
        "warnings": [],
        "device": "cpu",
    }
    with Image.open(tmp_path / "sub" / "a_mask.png") as mask:
        assert mask.size == (6, 4)
        assert mask.getpixel((2, 1)) == 255
    with Image.open(tmp_path / "sub" / "a_overlay.png") as overlay:
        assert overlay.size == (6, 4)


def test_a_picture_of_several_classes(tmp_path: Path) -> None:
    labels = torch.arange(24).reshape(1, 4, 6) % 3
    item = {"name": "a", "pred": MetaTensor(labels), "p": MetaTensor(torch.rand(3, 4, 6))}
    SaveImageMaskd("pred", tmp_path, binary=False, probability_key="p")(item)
    assert files(tmp_path) == {"a_mask.png", *(f"a_probability_{i}.png" for i in range(3)), "a.json"}
    with Image.open(tmp_path / "a_mask.png") as mask:
        np.testing.assert_array_equal(np.asarray(mask), labels[0])


@pytest.mark.parametrize("classes", [1, 3])
def test_a_picture_as_nifti_is_upright_on_pixels(tmp_path: Path, classes: int) -> None:
    labels = torch.arange(24).reshape(1, 4, 6) % 3
    probability = torch.rand(classes, 4, 6)
    item = {"name": "a", "pred": MetaTensor(labels), "p": MetaTensor(probability)}
    SaveImageMaskd("pred", tmp_path, probability_key="p", format="nifti")(item)
    assert files(tmp_path) == {"a_mask.nii.gz", "a_probability.nii.gz", "a.json"}
    mask = nib.load(tmp_path / "a_mask.nii.gz")
    np.testing.assert_array_equal(np.asarray(mask.dataobj)[:, :, 0], labels[0].T)
    np.testing.assert_array_equal(mask.affine, np.diag([-1, -1, 1, 1]))
    assert mask.header.get_xyzt_units()[0] == "unknown"
    spread = nib.load(tmp_path / "a_probability.nii.gz").get_fdata(dtype=np.float32)
    expected = probability.numpy().transpose(2, 1, 0)
    np.testing.assert_array_equal(spread[:, :, 0], expected[..., 0] if classes == 1 else expected)


@pytest.mark.parametrize("classes", [1, 3])
def test_a_volume_has_nifti_results(tmp_path: Path, classes: int) -> None:
    probability = volume(classes)
    labels = (probability[:1] > 0.5).float()
    item = {"pred": labels, "p": probability, "image": volume(3)}
    item = SaveImageOverlayd("pred", "image", tmp_path)(item)
    SaveImageMaskd("pred", tmp_path, probability_key="p", labels=LABELS)(item)
    written = ["scan_mask.nii.gz", "scan_overlay.png", "scan_probability.nii.gz"]
    assert files(tmp_path) == {*written, "scan.json"}
    mask = nib.load(tmp_path / "scan_mask.nii.gz")
    assert mask.get_data_dtype() == np.uint8
    np.testing.assert_allclose(mask.affine, AFFINE, atol=1e-6)
    np.testing.assert_array_equal(np.asarray(mask.dataobj), labels[0].numpy())
    read = nib.load(tmp_path / "scan_probability.nii.gz").get_fdata(dtype=np.float32)
    expected = probability.numpy()[0] if classes == 1 else np.moveaxis(probability.numpy(), 0, -1)
    np.testing.assert_array_equal(read, expected)
    said = sidecar(tmp_path / "scan.json")
    count = int(labels.sum())
    assert said["labels"] == [
        {"number": 1, "name": "liver", "voxels": count, "volume_mm3": pytest.approx(0.875 * count), "code": CODE}
    ]
    assert (said["source"], said["files"]) == ("/x/scan.nii.gz", written)
    assert said["warnings"] == ["as made"]


def test_a_volume_as_png_has_a_picture_for_each_slice(tmp_path: Path) -> None:
    labels = (volume() > 0.5).float()
    SaveImageMaskd("pred", tmp_path, format="png", binary=False)({"name": "v", "pred": labels})
    slices = [f"v_mask/slice_{number:04d}.png" for number in range(1, 7)]
    assert files(tmp_path) == {*slices, "v.json"}
    assert sidecar(tmp_path / "v.json")["files"] == slices
    with Image.open(tmp_path / slices[2]) as picture:
        np.testing.assert_array_equal(np.asarray(picture), labels[0, :, :, 2].T)


def test_what_another_format_left_is_removed(tmp_path: Path) -> None:
    labels = (volume() > 0.5).float()
    (tmp_path / "v_of_mine.txt").touch()
    for format, there in (
        ("nifti", {"v_mask.nii.gz"}),
        ("png", {f"v_mask/slice_{number:04d}.png" for number in range(1, 7)}),
        ("auto", {"v_mask.nii.gz"}),
    ):
        SaveImageMaskd("pred", tmp_path, format=format)({"name": "v", "pred": labels})
        assert files(tmp_path) == {*there, "v.json", "v_of_mine.txt"}


def test_a_case_that_fails_while_it_is_written_anew_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = (volume() > 0.5).float()
    SaveImageMaskd("pred", tmp_path)({"name": "v", "pred": labels})

    def full(*arguments: Any) -> None:
        raise OSError("no space is left")

    monkeypatch.setattr(save_mask, "write_mask", full)
    with pytest.raises(OSError, match="no space"):
        SaveImageMaskd("pred", tmp_path)({"name": "v", "pred": labels})
    assert not is_finished(tmp_path, "v")


def test_a_sequence_of_pictures_has_a_picture_for_each_frame(tmp_path: Path) -> None:
    labels = (torch.rand(1, 4, 5, 2) > 0.5).float()
    item = {"pred": MetaTensor(labels, meta={"spacing_unit": "pixels"}), "p": MetaTensor(labels / 2)}
    SaveImageMaskd("pred", tmp_path, probability_key="p", binary=False)(item)
    frames = ["image_mask/frame_0001.png", "image_mask/frame_0002.png"]
    assert files(tmp_path) == {*frames, "image_probability.nii.gz", "image.json"}
    with Image.open(tmp_path / frames[1]) as picture:
        np.testing.assert_array_equal(np.asarray(picture), labels[0, :, :, 1])


def test_a_format_that_there_is_not_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one of auto, nifti, dicom-seg, rtstruct, png; got 'dicom'"):
        SaveImageMaskd("pred", tmp_path, format="dicom")


@pytest.mark.parametrize("format", ["dicom-seg", "rtstruct"])
def test_dicom_formats_need_dicom(tmp_path: Path, format: str) -> None:
    with pytest.raises(ValueError, match=rf"format {format} refers to .* but /x/scan\.nii\.gz is not DICOM"):
        SaveImageMaskd("pred", tmp_path, format=format)({"pred": volume()})
    assert not files(tmp_path)


def test_a_picture_has_no_contours_in_the_patient(tmp_path: Path) -> None:
    picture = MetaTensor(torch.zeros(1, 4, 5), meta={"filename_or_obj": "us.dcm", "source_kind": "dicom"})
    with pytest.raises(ValueError, match=r"us\.dcm is a picture .* use format dicom-seg or png"):
        SaveImageMaskd("pred", tmp_path, format="rtstruct")({"pred": picture})


def test_tools_that_write_results_themselves_can_tell_these_transforms(tmp_path: Path) -> None:
    for transform in (SaveImageMaskd("pred", tmp_path), SaveImageOverlayd("pred", "image", tmp_path)):
        assert isinstance(transform, SaveImaged)  # MONAI Label
        assert type(transform).__name__.startswith("SaveImage")  # MONAI Deploy


@pytest.mark.parametrize(
    ("recipe", "modality", "said"),
    [
        ("busi", "CT", ["trained on ultrasound (recipe busi), but this is CT"]),
        ("synapse", "MR", ["trained on CT (recipe synapse), but this is MR"]),
        ("isic2018", "US", ["trained on dermoscopy (recipe isic2018), but this is ultrasound"]),
        *[("busi", "US", []), ("busi", "IVUS", []), ("synapse", "CT", []), ("acdc", "MR", [])],
        *[("busi", "OT", []), ("busi", "", []), ("busi", "XA", []), (None, "CT", []), ("no such recipe", "CT", [])],
    ],
)
def test_a_known_other_modality_is_warned_of(recipe: str | None, modality: str, said: list[str]) -> None:
    assert modality_warnings(recipe, {"source_kind": "dicom", "modality": modality}) == said
    assert modality_warnings(recipe, {"source_kind": "nifti", "modality": modality}) == []
    assert modality_warnings(recipe, {}) == []
