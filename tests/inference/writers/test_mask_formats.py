"""Masks of DICOM in DICOM, as the pipeline writes them."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import torch
from dicom_files import write_picture, write_series
from monai.data import MetaTensor
from monai.transforms import LoadImage
from PIL import Image
from pydicom.uid import UltrasoundMultiFrameImageStorage

from srs_monai.data.readers import MedicalImageReader
from srs_monai.inference import SaveImageMaskd
from srs_monai.inference.writers.mask_formats import check_source
from srs_monai.labels import Code, Label

CODE = {"value": "52988006", "scheme": "SCT", "meaning": "Lesion"}
LABELS = (Label("lesion", Code("52988006", "Lesion")),)


def segmented(source: Path) -> MetaTensor:
    image = LoadImage(reader=MedicalImageReader(), image_only=True, ensure_channel_first=True)(source)
    mask = torch.zeros_like(image)[:1]
    mask[0, 1:3, 2:4] = 1
    return mask


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    frames = np.arange(3 * 6 * 8, dtype=np.uint8).reshape(3, 6, 8)
    path = write_picture(tmp_path / "us.dcm", frames[0], UltrasoundMultiFrameImageStorage, "US")
    dataset = pydicom.dcmread(path)
    dataset.NumberOfFrames, dataset.PixelData = 3, frames.tobytes()
    dataset.save_as(path)
    return path


@pytest.mark.parametrize("format", ["dicom-seg", "rtstruct"])
def test_other_sources_are_refused_before_they_are_segmented(tmp_path: Path, sequence: Path, format: str) -> None:
    (tmp_path / "a.png").write_bytes(b"no DICOM")
    write_series(tmp_path / "s")
    for allowed in (tmp_path / "s", tmp_path / "s" / "1.2.3", next((tmp_path / "s").iterdir())):
        check_source(allowed, format)
    with pytest.raises(
        ValueError, match=rf"format {format} refers to .* but .*a\.png is not DICOM; use format nifti or png"
    ):
        check_source(tmp_path / "a.png", format)
    check_source(tmp_path / "a.png", "nifti")
    for picture in (sequence, sequence / "frame_0001"):
        if format == "rtstruct":
            with pytest.raises(ValueError, match=r"is a picture .* use format dicom-seg or png"):
                check_source(picture, format)
        else:
            check_source(picture, format)


def test_a_series_as_segmentation(tmp_path: Path) -> None:
    write_series(tmp_path / "s")
    mask = segmented(tmp_path / "s")
    item = {"name": "study/s", "pred": mask, "p": mask / 2}
    SaveImageMaskd("pred", tmp_path / "out", format="dicom-seg", labels=LABELS, probability_key="p")(item)
    said = json.loads((tmp_path / "out" / "study" / "s.json").read_text())
    assert (said["format"], said["files"]) == ("dicom-seg", ["s_seg.dcm", "s_probability.nii.gz"])
    assert said["labels"] == [
        {"number": 1, "name": "lesion", "voxels": 20, "volume_mm3": pytest.approx(20 * 1.2), "code": CODE}
    ]
    assert said["warnings"] == ["the source has no ReferringPhysicianName: written empty"]
    written = pydicom.dcmread(tmp_path / "out" / "study" / "s_seg.dcm")
    np.testing.assert_array_equal(written.pixel_array, np.broadcast_to(mask[0, :, :, 0].numpy().T, (5, 5, 7)))


def test_a_frame_as_segmentation(tmp_path: Path, sequence: Path) -> None:
    item = {"name": "us/frame_0002", "pred": segmented(sequence / "frame_0002")}
    SaveImageMaskd("pred", tmp_path / "out", format="dicom-seg", labels=LABELS)(item)
    written = pydicom.dcmread(tmp_path / "out" / "us" / "frame_0002_seg.dcm")
    place = written.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
    assert place.ReferencedFrameNumber == 2
    np.testing.assert_array_equal(written.pixel_array, item["pred"][0].numpy())


def test_a_sequence_of_pictures_as_one_segmentation_a_frame(tmp_path: Path, sequence: Path) -> None:
    mask = MetaTensor(
        torch.randint(0, 2, (1, 6, 8, 3)),
        meta={"filename_or_obj": str(sequence), "source_kind": "dicom", "spacing_unit": "pixels"},
    )
    SaveImageMaskd("pred", tmp_path / "out", format="dicom-seg", labels=LABELS)({"pred": mask})
    names = [f"us_seg/frame_000{number}.dcm" for number in (1, 2, 3)]
    assert json.loads((tmp_path / "out" / "us.json").read_text())["files"] == names
    for number, name in enumerate(names):
        written = pydicom.dcmread(tmp_path / "out" / name)
        assert written.SourceImageSequence[0].ReferencedFrameNumber == number + 1
        np.testing.assert_array_equal(written.pixel_array, mask[0, :, :, number].numpy())


def test_a_volume_of_an_array_file_as_nifti_in_voxels(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((3, 6, 8)))
    mask = segmented(tmp_path / "a.npy")
    SaveImageMaskd("pred", tmp_path / "out", labels=LABELS)({"name": "a", "pred": mask})
    written = nib.load(tmp_path / "out" / "a_mask.nii.gz")
    assert written.header.get_xyzt_units()[0] == "unknown"
    assert nib.aff2axcodes(written.affine) == ("S", "P", "L")
    np.testing.assert_array_equal(np.asarray(written.dataobj), mask[0].numpy())
    [label] = json.loads((tmp_path / "out" / "a.json").read_text())["labels"]
    assert label == {"number": 1, "name": "lesion", "voxels": 32, "volume_voxels": 32.0, "code": CODE}
    SaveImageMaskd("pred", tmp_path / "png", format="png", labels=LABELS)({"name": "a", "pred": mask})
    planes = [np.asarray(Image.open(path)) for path in sorted((tmp_path / "png" / "a_mask").iterdir())]
    np.testing.assert_array_equal(np.stack(planes), mask[0].numpy() * 255)
