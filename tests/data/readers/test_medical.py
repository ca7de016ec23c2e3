"""One reader for everything: what a file is decides, not what it is called."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from monai.data import DataLoader, Dataset
from monai.transforms import LoadImaged
from PIL import Image

from srs_monai.data.readers import MedicalImageReader


def loader() -> LoadImaged:
    return LoadImaged("image", reader=MedicalImageReader(), ensure_channel_first=True)


def test_every_kind_of_source_has_its_shape(datasets: Path, tmp_path: Path) -> None:
    dicom = datasets / "dicom"
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(tmp_path / "a.png")
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6), np.float32), np.eye(4)), tmp_path / "a.nii.gz")
    for source, shape, kind in [
        (dicom / "ct_3slice_for_seg_liver", (1, 512, 512, 3), "dicom"),
        (dicom / "single" / "mr_j2k_lossless_small.dcm", (1, 64, 64, 1), "dicom"),
        (dicom / "single" / "us_rgb_uncompressed.dcm", (3, 120, 256), "dicom"),
        (dicom / "single" / "us_palette_rle_2frame.dcm" / "frame_0002", (3, 600, 800), "dicom"),
        (tmp_path / "a.nii.gz", (1, 4, 5, 6), "nifti"),
        (tmp_path / "a.png", (3, 4, 6), "picture"),
    ]:
        for name in (source, str(source)):
            image = loader()({"image": name})["image"]
            assert tuple(image.shape) == shape
            assert image.meta["source_kind"] == kind
            assert image.meta["filename_or_obj"] == str(source)
            assert image.dtype.is_floating_point


def test_dicom_is_known_by_its_content(datasets: Path, tmp_path: Path) -> None:
    source = datasets / "dicom" / "single" / "us_rgb_uncompressed.dcm"
    for name in ("IM_0001", "looks_like_a.png", "looks_like_a.nii"):
        shutil.copyfile(source, tmp_path / name)
        assert loader()({"image": tmp_path / name})["image"].shape == (3, 120, 256)


def test_items_of_every_kind_can_be_batched(datasets: Path, tmp_path: Path, write_series: Callable[..., Any]) -> None:
    Image.fromarray(np.zeros((4, 6), np.int32)).save(tmp_path / "wide.tif")  # no full scale
    series = write_series(tmp_path / "series")
    sources = [tmp_path / "wide.tif", series.folder, datasets / "dicom" / "single" / "cr_monochrome1.dcm"]
    data = Dataset([{"image": str(source)} for source in sources], loader())
    assert [tuple(batch["image"].shape) for batch in DataLoader(data, batch_size=1)] == [
        (1, 1, 4, 6),
        (1, 1, 7, 5, 5),
        (1, 1, 440, 440),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing.png", "there is no file .*nothing.png"),
        ("nothing.nii.gz", "there is no file .*nothing.nii.gz"),
        ("nothing", "there is no file or series nothing in"),
        ("a/b/c", "there is nothing at .*a/b/c"),
        ("text.png", "cannot be read as a picture"),
        ("text.dcm", "lacks the mark 'DICM'"),
        ("text.nii", "cannot be read as NIfTI"),
        (".", "holds no DICOM images"),
    ],
)
def test_what_is_missing_or_something_else_is_refused_by_name(tmp_path: Path, name: str, said: str) -> None:
    for text in ("text.png", "text.dcm", "text.nii"):
        (tmp_path / text).write_text("no image")
    with pytest.raises(ValueError, match=said):
        loader()({"image": tmp_path / name})


def test_uneven_series_are_resampled_on_request(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    write_series(tmp_path, along=[0, 2.5, 7.5])
    with pytest.raises(ValueError, match=r"lacks 1: 38\.00 mm"):
        loader()({"image": tmp_path})
    resampling = LoadImaged("image", reader=MedicalImageReader(resample_uneven=True), ensure_channel_first=True)
    image = resampling({"image": tmp_path})["image"]
    assert image.shape == (1, 7, 5, 4)
    assert "38.00 mm" in image.meta["notes"]


def test_every_kind_of_source_says_what_was_done(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(tmp_path / "a.png")
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 6), np.float32), np.eye(4)), tmp_path / "a.nii.gz")
    for source in (tmp_path / "a.png", tmp_path / "a.nii.gz", write_series(tmp_path / "s").folder):
        meta = loader()({"image": source})["image"].meta
        assert (meta["notes"], meta["left_out"]) == ("", "")
