"""Whatever lies under a path is found once, by a name of its own, in the same order each time."""

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import nibabel as nib
import numpy as np
import pydicom
import pytest
from monai.transforms import LoadImaged
from PIL import Image
from pydicom.uid import ComprehensiveSRStorage, EnhancedMRImageStorage, MRImageStorage, UltrasoundImageStorage

from srs_monai.data import find_sources
from srs_monai.data.readers import MedicalImageReader


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(path)
    return path


def found(path: Path, **options: Any) -> dict[str, str]:
    """Names of results to paths relative to what was searched."""
    return {item["name"]: str(Path(item["image"]).relative_to(path)) for item in find_sources(path, **options)}


def test_a_mixed_folder(tmp_path: Path, write_series: Callable[..., Any], write_picture: Callable[..., Path]) -> None:
    picture(tmp_path / "b.png")
    picture(tmp_path / "sub" / "c.JPG")
    nib.save(nib.Nifti1Image(np.zeros((2, 3, 4), np.float32), np.eye(4)), tmp_path / "a.nii.gz")
    write_series(tmp_path / "ct")
    one = write_series(tmp_path / "two" / "series")
    other = write_series(tmp_path / "two" / "series", along=[0, 2, 4])
    write_picture(tmp_path / "us" / "IM1", np.zeros((4, 5), np.uint8), UltrasoundImageStorage, "US")
    write_picture(tmp_path / "us" / "IM2.dcm", np.zeros((4, 5), np.uint8), UltrasoundImageStorage, "US")
    (tmp_path / "empty").mkdir()
    expected = {
        "a": "a.nii.gz",
        "b": "b.png",
        "ct": "ct",
        "sub/c": "sub/c.JPG",
        f"two/series/{one.uid}": f"two/series/{one.uid}",
        f"two/series/{other.uid}": f"two/series/{other.uid}",
        "us/IM1": "us/IM1",
        "us/IM2": "us/IM2.dcm",
    }
    assert found(tmp_path) == expected
    items = find_sources(tmp_path)
    assert items == find_sources(str(tmp_path))
    assert [item["image"] for item in items[:2]] == [str(tmp_path / "a.nii.gz"), str(tmp_path / "b.png")]


def test_every_item_can_be_read_and_two_series_are_two_volumes(
    tmp_path: Path, write_series: Callable[..., Any], write_picture: Callable[..., Path]
) -> None:
    series = {s.uid: s for s in (write_series(tmp_path), write_series(tmp_path))}
    write_series(tmp_path, along=[3.0], edit=lambda dataset, i: setattr(dataset, "SeriesInstanceUID", "1.2.3"))
    frames = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_picture(tmp_path / "us.dcm", frames[0], UltrasoundImageStorage, "US", NumberOfFrames=2)
    dataset = pydicom.dcmread(tmp_path / "us.dcm")
    dataset.PixelData = frames.tobytes()
    dataset.save_as(tmp_path / "us.dcm")
    load = LoadImaged("image", reader=MedicalImageReader(), ensure_channel_first=True)
    read = {item["name"]: load(item)["image"].numpy() for item in find_sources(tmp_path)}
    assert len(read) == 5
    for uid, truth in series.items():
        np.testing.assert_array_equal(read[uid][0], truth.stored.transpose(2, 1, 0) - 1024.0)
    for number in (1, 2):
        np.testing.assert_array_equal(read[f"us/frame_000{number}"][0], frames[number - 1])
    assert sorted(image.shape for image in read.values())[-1] == (1, 7, 5, 5)
    assert (1, 7, 5, 1) in [image.shape for image in read.values()]


def test_a_series_folder_or_file_is_one_item(datasets: Path) -> None:
    folder = datasets / "dicom" / "ct_series_totalseg_j2k"
    assert find_sources(folder) == [{"image": str(folder), "name": folder.name}]
    file = datasets / "ct_abdomen" / "totalseg_example_ct.nii.gz"
    assert find_sources(file) == [{"image": str(file), "name": "totalseg_example_ct"}]
    single = datasets / "dicom" / "single" / "ct_chest_rlelossless.dcm"
    assert find_sources(single) == [{"image": str(single), "name": "ct_chest_rlelossless"}]
    sequence = datasets / "dicom" / "single" / "us_multiframe65_ybr422_jpegbaseline.dcm"
    names = [item["name"] for item in find_sources(sequence)]
    assert len(names) == 65
    assert names[64] == "us_multiframe65_ybr422_jpegbaseline/frame_0065"


def test_one_series_of_a_folder_and_one_frame_of_a_file(
    datasets: Path, tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    one, _ = (write_series(tmp_path / "study", along=[0, step, 2 * step]) for step in (1, 2))
    assert found(tmp_path / "study" / one.uid) == {one.uid: "."}
    frame = datasets / "dicom" / "single" / "us_palette_rle_2frame.dcm" / "frame_0002"
    assert found(frame) == {"us_palette_rle_2frame/frame_0002": "."}
    for nothing in (frame.with_name("frame_0003"), tmp_path / "study" / "1.2", tmp_path / "no" / "way"):
        with pytest.raises(ValueError, match="there is nothing at"):
            find_sources(nothing)


def test_one_array_of_a_file_by_any_key_that_it_has(tmp_path: Path) -> None:
    arrays = {"x": np.zeros((3, 4)), "image": np.ones((3, 4))}
    np.savez(tmp_path / "b.npz", **arrays)
    with h5py.File(tmp_path / "c.v1.h5", "w") as tree:
        tree["group/image"], tree["group/y"] = arrays["image"], arrays["x"]
    load = LoadImaged("image", reader=MedicalImageReader())
    for key, name in (
        ("b.npz/x", "b/x"),
        ("b.npz/image", "b"),
        ("c.v1.h5/group/y", "c.v1/group/y"),
        ("c.v1.h5/group/image", "c.v1/group/image"),
    ):
        [item] = find_sources(tmp_path / key)
        assert item == {"image": str(tmp_path / key), "name": name}
        assert (load(item)["image"] == float(key.endswith("image"))).all()
    with pytest.raises(ValueError, match=r"no array 'z' in .*b\.npz, which holds x, image; correct the name"):
        find_sources(tmp_path / "b.npz" / "z")
    with pytest.raises(ValueError, match=r"no array 'group' in .*, which holds group/image, group/y; correct"):
        find_sources(tmp_path / "c.v1.h5" / "group")
    with pytest.raises(ValueError, match=r"nothing at .*missing\.npz; check the name"):
        find_sources(tmp_path / "missing.npz")


def test_names_that_would_be_the_same_are_told_apart(tmp_path: Path, write_series: Callable[..., Any]) -> None:
    for name in ("a.png", "a.jpg", "A.bmp", "a_png.tif", "b.c.png"):
        picture(tmp_path / name)
    write_series(tmp_path / "a")
    names = {path: name for name, path in found(tmp_path).items()}
    assert names == {
        "A.bmp": "A_bmp",
        "a": "a",
        "a.jpg": "a_jpg",
        "a.png": "a_png",
        "a_png.tif": "a_png_2",
        "b.c.png": "b.c",
    }


def test_what_is_no_input_is_left_out_with_a_line(
    tmp_path: Path,
    write_series: Callable[..., Any],
    write_picture: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    picture(tmp_path / "a.png")
    picture(tmp_path / ".hidden.png")
    picture(tmp_path / ".cache" / "b.png")
    (tmp_path / "notes.txt").write_text("x")
    write_picture(tmp_path / "report", np.zeros((2, 2), np.uint8), ComprehensiveSRStorage, "SR", Rows=None)
    scout = write_series(tmp_path, along=[0], edit=lambda d, i: setattr(d, "ImageType", ["ORIGINAL", "LOCALIZER"]))
    assert found(tmp_path) == {"a": "a.png"}
    for said in (".hidden.png (hidden)", "notes.txt", "report (of class", f"{scout.files[0].name} (localizer)"):
        assert said in caplog.text


def test_images_of_forms_that_are_not_read_are_items_that_fail_with_a_way_out(
    tmp_path: Path, write_picture: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    grey = np.zeros((2, 2), np.uint8)
    write_picture(tmp_path / "frames", grey, MRImageStorage, "MR", NumberOfFrames=2)
    write_picture(tmp_path / "enhanced", grey, EnhancedMRImageStorage, "MR")
    write_picture(tmp_path / "tiles", grey, UltrasoundImageStorage, "SM", TotalPixelMatrixColumns=9)
    write_picture(tmp_path / "part", grey, UltrasoundImageStorage, "US", InConcatenationTotalNumber=2)
    write_picture(tmp_path / "scout", grey, EnhancedMRImageStorage, "MR", ImageType=["ORIGINAL", "LOCALIZER"])
    reports = [f"report{number}" for number in range(7)]
    for name in reports:
        write_picture(tmp_path / name, grey, ComprehensiveSRStorage, "SR", Rows=None)
    assert set(found(tmp_path)) == {"frames", "enhanced", "tiles", "part"}
    assert all(f"{name} (of class" in caplog.text for name in reports)
    assert "scout (Enhanced MR" in caplog.text
    for name, way_out in (("frames", "save each frame"), ("enhanced", "fetch the whole"), ("tiles", "save its region")):
        with pytest.raises(ValueError, match=way_out):
            MedicalImageReader().get_data(MedicalImageReader().read(tmp_path / name))


def test_a_faulty_dicom_file_is_an_item_that_will_fail_by_name(
    tmp_path: Path, write_series: Callable[..., Any]
) -> None:
    series = write_series(tmp_path / "s")
    series.files[1].write_bytes(series.files[1].read_bytes()[:300])
    (tmp_path / "s" / "last.dcm").touch()  # of a series' end: no gap would tell
    sources = {item["image"] for item in find_sources(tmp_path)}
    assert {str(series.files[1]), str(tmp_path / "s" / "last.dcm")} <= sources


def test_what_cannot_be_opened_is_an_item_and_what_is_no_file_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def deny(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == "locked.png":
            raise PermissionError(path)
        return opened(path, *args, **options)

    monkeypatch.setattr(Path, "open", deny)
    picture(tmp_path / "locked.png")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nowhere.png")
    os.mkfifo(tmp_path / "pipe.png")  # opening it would wait for ever
    assert found(tmp_path) == {"locked": "locked.png"}


def test_results_are_no_input(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "results" / "a_mask.png")
    assert found(tmp_path, results_dir=tmp_path / "results") == {"a": "a.png"}
    assert found(tmp_path, results_dir=tmp_path.parent) == {"a": "a.png", "results/a_mask": "results/a_mask.png"}
    with pytest.raises(ValueError, match="name another output folder"):
        find_sources(tmp_path, results_dir=tmp_path)


def test_results_of_an_earlier_run_are_no_input(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for name in ("a.png", "out/a_mask.png", "out/a_extra/b.png", "out/c.png", "out/d.png"):
        picture(tmp_path / name)
    sidecar = {"files": ["a_mask.png", "a_extra/b.png"], "weights": {}, "versions": {"srs_monai": "1"}}
    (tmp_path / "out" / "a.json").write_text(json.dumps(sidecar))
    (tmp_path / "out" / "c.json").write_text(json.dumps(sidecar | {"files": ["c.png"], "versions": {"other": "1"}}))
    (tmp_path / "out" / "d.json").write_text("{")
    (tmp_path / "out" / "e.json").write_bytes(b"\xff")
    (tmp_path / "out" / "f.json").write_text("[" * 100_000)
    assert found(tmp_path) == {"a": "a.png", "out/c": "out/c.png", "out/d": "out/d.png"}
    assert "a_mask.png (a result of an earlier run)" in caplog.text
    assert "b.png (a result of an earlier run)" in caplog.text
    assert find_sources(tmp_path / "out" / "a_mask.png")  # named itself, it is what is meant


def test_a_folder_that_leads_back_to_itself_is_searched_once(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "b.png")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert found(tmp_path) == {"a/b": "a/b.png"}


def test_nothing_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing at .*missing; check the name"):
        find_sources(tmp_path / "missing")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match=r"holds none; name the folder"):
        find_sources(tmp_path)
    with pytest.raises(ValueError, match=r"notes.txt is none of them; convert it"):
        find_sources(tmp_path / "notes.txt")
    (tmp_path / "a.dcm").write_text("x")
    with pytest.raises(ValueError, match="lacks the mark 'DICM'"):
        find_sources(tmp_path / "a.dcm")


@pytest.mark.parametrize("name", ["missing", "missing.npz", "missing_2", "missing/1.2.3"])
def test_what_lies_beside_nothing_is_no_matter(tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match="there is nothing at"):
        find_sources(tmp_path / name)
    assert caplog.text == ""


def test_the_folder_above_is_searched_for_names_of_series_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "many").write_text("x")
    monkeypatch.setattr(Path, "iterdir", lambda path: pytest.fail(f"{path} is listed"))
    with pytest.raises(ValueError, match="there is nothing at"):
        find_sources(tmp_path / "missing")


def test_all_sources_of_the_sample_files_are_found(datasets: Path, tmp_path: Path) -> None:
    shutil.copytree(datasets / "dicom" / "single", tmp_path / "single")
    names = list(found(tmp_path / "single"))
    assert len(names) == len(set(names))
    # one series of 13 files, the frames of 2 sequences, the other images, read or not; no segmentations, reports
    assert len([name for name in names if "/" not in name]) == len(names) - 65 - 2
    assert not [name for name in names if "seg" in name]
    assert [name for name in names if "wsi" in name]
