"""Arrays of NumPy and HDF5 files come as the pictures and volumes that they are."""

import pickle
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
import pytest
import torch
from monai.transforms import Compose, LoadImage, LoadImaged
from numpy.lib import format as npy

from srs_monai.data.datalists.check_headers import check_headers
from srs_monai.data.datalists.datalist import load_datalist, load_images
from srs_monai.data.loading.volumes import is_volume, slice_items, slices_with_foreground, volume_grid
from srs_monai.data.readers import ArrayReader, MedicalImageReader
from srs_monai.data.readers.array_file import array_keys, array_values, image_in, is_array
from srs_monai.data.readers.arrays import array_size
from srs_monai.data.sources import find_sources
from srs_monai.data.transforms import AsSeend, MaskToLabels, PickSliced, ToUnitRange


def write(path: Path, **arrays: Any) -> Path:
    if path.suffix == ".npz":
        np.savez_compressed(path, **arrays)
    elif path.suffix == ".npy":
        np.save(path, *arrays.values())
    else:
        with h5py.File(path, "w") as tree:
            for key, values in arrays.items():
                tree[key] = values
    return path


@pytest.fixture
def volume() -> np.ndarray:
    """(slices, rows, columns), every value its own."""
    return np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)


ENDINGS = [".npy", ".npz", ".h5", ".hdf5", ".npy.h5"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_picture_keeps_its_rows_and_columns(tmp_path: Path, ending: str, volume: np.ndarray) -> None:
    path = write(tmp_path / f"case{ending}", image=volume[0])
    array, meta = ArrayReader().get_data(path)
    np.testing.assert_array_equal(array, volume[:1])
    assert array.dtype == np.float32
    assert meta["source_kind"] == "array"
    assert meta["spacing_unit"] == "pixels"
    np.testing.assert_array_equal(meta["affine"], np.eye(4))
    assert array_size(path) == (4, 5)
    assert not is_volume(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_asseend_shows_rows_and_columns_of_a_volume_as_stored(tmp_path: Path, ending: str, volume: np.ndarray) -> None:
    path = write(tmp_path / f"case{ending}", image=volume)
    turn = AsSeend("image")
    load = Compose([LoadImaged("image", reader=MedicalImageReader(), ensure_channel_first=True), turn])
    seen = load({"image": str(path)})["image"]
    torch.testing.assert_close(seen.as_tensor(), torch.as_tensor(volume.transpose(1, 2, 0))[None])
    assert seen.meta["spacing_unit"] == "pixels"
    back = turn.inverse({"image": seen})["image"]
    torch.testing.assert_close(back.as_tensor(), torch.as_tensor(volume)[None])


def test_a_volume_of_one_slice_is_one(tmp_path: Path, volume: np.ndarray) -> None:
    path = write(tmp_path / "case.h5", image=volume[:1], label=volume[:1] > 3)
    item = {"image": f"{path}/image", "label": f"{path}/label"}
    assert slice_items(item) == [item | {"slice": 0}]
    assert slice_items(item, skip_empty=True) == [item | {"slice": 0}]
    load = Compose([LoadImaged("image", reader=MedicalImageReader(), ensure_channel_first=True), AsSeend("image")])
    seen = PickSliced("image")(load(item | {"slice": 0}))["image"]
    torch.testing.assert_close(seen.as_tensor(), torch.as_tensor(volume[:1]))


def test_colour_stands_last_in_the_file_and_first_in_the_picture(tmp_path: Path) -> None:
    colours = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    array, meta = ArrayReader().get_data(write(tmp_path / "a.npy", image=colours))
    np.testing.assert_array_equal(array, colours.transpose(2, 0, 1))
    assert meta["stored_max"] == 255
    grey, _ = ArrayReader().get_data(write(tmp_path / "b.npy", image=colours[..., :1]))
    np.testing.assert_array_equal(grey, colours[None, :, :, 0])


@pytest.mark.parametrize(
    ("values", "full_scale"),
    [
        (np.array([[0, 7]], dtype=np.uint8), 255),
        (np.array([[False, True]]), 1),
        (np.array([[0.0, 0.25]]), 1),
        (np.array([[0.0, 1.25]]), None),
        (np.array([[-0.5, 1.0]]), None),
        (np.array([[0, 1]], dtype=np.int16), None),
    ],
)
def test_full_scale_is_said_where_it_is_known(tmp_path: Path, values: np.ndarray, full_scale: float | None) -> None:
    _, meta = ArrayReader().get_data(write(tmp_path / "a.npy", image=values))
    assert meta.get("stored_max") == full_scale


def test_values_that_are_scaled_already_are_left_alone(tmp_path: Path) -> None:
    values = np.linspace(0.2, 0.7, 20, dtype=np.float32).reshape(4, 5)
    image = LoadImage(reader=MedicalImageReader())(write(tmp_path / "a.npz", image=values))
    torch.testing.assert_close(ToUnitRange()(image).as_tensor()[0], torch.as_tensor(values))
    torch.testing.assert_close(ToUnitRange("range")(image).as_tensor()[0], torch.as_tensor(values))
    with pytest.raises(ValueError, match=r"Hounsfield units, but .*a\.npz is an array from 0 to 1,"):
        ToUnitRange("window")(image)


def test_several_arrays_are_named_by_their_keys(tmp_path: Path, volume: np.ndarray) -> None:
    for path in (
        write(tmp_path / "a.npz", image=volume[0], label=volume[1]),
        write(tmp_path / "a.npy.h5", image=volume[0], label=volume[1]),
    ):
        np.testing.assert_array_equal(ArrayReader().get_data(f"{path}/label")[0], volume[1:2])
        assert image_in(path) == f"{path}/image"
        assert is_array(f"{path}/label")
        with pytest.raises(ValueError, match=r"needs one array, but .*a\.n.* holds 2: image, label; name it as a\.n"):
            ArrayReader().get_data(path)
        with pytest.raises(ValueError, match=r"no array 'lable' in .* holds image, label; correct the name"):
            ArrayReader().get_data(f"{path}/lable")


def test_arrays_in_groups_are_named_by_their_path(tmp_path: Path, volume: np.ndarray) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as tree:
        tree["train/x"], tree["train/y"] = volume[0], volume[1]
    assert array_keys(path) == ["train/x", "train/y"]
    np.testing.assert_array_equal(ArrayReader().get_data(f"{path}/train/y")[0], volume[1:2])
    with pytest.raises(ValueError, match="no array 'train' in"):
        ArrayReader().get_data(f"{path}/train")


class Bomb:
    """Says, when it is unpickled, that it was executed."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('executed')",))


def test_pickled_objects_are_refused_and_never_executed(tmp_path: Path) -> None:
    objects = np.array([[Bomb(), 1]], dtype=object)
    np.save(tmp_path / "a.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "a.npz", image=objects, label=np.zeros((2, 2)))
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Bomb()))
    for name in ("a.npy", "a.npz/image"):
        with pytest.raises(ValueError, match="pickled objects, which could run as programs; save it as numbers"):
            ArrayReader().get_data(tmp_path / name)
    with pytest.raises(ValueError, match=r"b\.npy cannot be read as arrays"):
        ArrayReader().get_data(tmp_path / "b.npy")
    np.testing.assert_array_equal(ArrayReader().get_data(tmp_path / "a.npz" / "label")[0], np.zeros((1, 2, 2)))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.array([[0, np.nan]]), "1 of 2 .* are NaN or infinite"),
        (np.array([[1e300, 0, 0]]), "1 of 3 .* are NaN or infinite"),
        (np.zeros((2, 2), dtype=complex), "real numbers, but .* type complex128"),
        (np.zeros((2, 2), dtype="S3"), r"real numbers, but .* type \|S3"),
        (np.zeros(5), r"shape 5; save it"),
        (np.zeros(()), r"shape \(\); save it"),
        (np.zeros((2, 3, 4, 5)), "shape 2 x 3 x 4 x 5; save it"),
        (np.zeros((9, 9, 4)), "shape 9 x 9 x 4; save it"),
        (np.zeros((0, 5)), "shape 0 x 5; save it"),
    ],
)
@pytest.mark.parametrize("ending", [".npy", ".h5"])
def test_what_is_no_image_is_refused(tmp_path: Path, values: np.ndarray, reason: str, ending: str) -> None:
    path = write(tmp_path / f"a{ending}", image=values)
    with pytest.raises(ValueError, match=reason) as caught:
        ArrayReader().get_data(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("ending", ENDINGS)
def test_cut_and_missing_files_are_named(tmp_path: Path, ending: str) -> None:
    values = np.random.default_rng(0).normal(size=(40, 40))
    path = write(tmp_path / f"a{ending}", image=values)
    content = path.read_bytes()
    for length in (0, 50, len(content) // 2, len(content) - 30):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"a\.\S+ cannot be read as arrays: .+;"):
            ArrayReader().get_data(path)
    path.unlink()
    for name in (path, path / "image"):
        with pytest.raises(ValueError, match=r"there is no file .*a\."):
            MedicalImageReader().get_data(name)


@pytest.mark.parametrize("order", ["C", "F"])
def test_values_are_those_that_were_saved(tmp_path: Path, order: Literal["C", "F"]) -> None:
    saved = np.asarray(np.arange(24, dtype=">i2").reshape(4, 3, 2), order=order)
    np.save(tmp_path / "a.npy", saved)
    np.savez_compressed(tmp_path / "a.npz", image=saved)
    for name in ("a.npy", "a.npz", "a.npz/image"):
        read = array_values(tmp_path / name)
        assert read.dtype == saved.dtype
        assert np.array_equal(read, saved)
        assert read.flags.writeable


def test_threads_parse_one_header_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Python 3.12 ast.parse may fail in threads that use it at once (python/cpython#106905)."""
    np.savez(tmp_path / "a.npz", image=np.zeros((8, 8), np.float32))
    parse, busy, met = npy.read_array_header_1_0, threading.Lock(), []

    def alone(stream: Any) -> Any:
        met.append(busy.acquire(blocking=False))
        time.sleep(0.002)
        busy.release()
        return parse(stream)

    monkeypatch.setattr(npy, "read_array_header_1_0", alone)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(array_values, [tmp_path / "a.npz"] * 16))
    assert met == [True] * 32


def test_an_archive_without_arrays_holds_none(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(ValueError, match="holds none"):
        ArrayReader().get_data(tmp_path / "a.npz")


def test_grids_and_slices_of_volumes(tmp_path: Path, volume: np.ndarray) -> None:
    label = np.zeros((3, 4, 5), dtype=np.uint8)
    label[0, 1, 2] = label[2, 0, 0] = 3
    path = write(tmp_path / "a.h5", image=volume, label=label)
    grid = volume_grid(f"{path}/image")
    assert grid.shape == (4, 5, 3)
    np.testing.assert_array_equal(grid.affine, [[0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    assert slices_with_foreground(f"{path}/label") == [0, 2]
    item = {"image": f"{path}/image", "label": f"{path}/label"}
    assert [single["slice"] for single in slice_items(item)] == [0, 1, 2]
    check_headers([item])
    other = write(tmp_path / "b.npz", label=label[:2])
    with pytest.raises(ValueError, match=r"4 x 5 x 3 pixels and .* 4 x 5 x 2"):
        check_headers([item | {"label": str(other)}])


def test_folders_of_arrays_are_listed(tmp_path: Path, volume: np.ndarray) -> None:
    for folder, values in (("images", volume), ("masks", volume > 9)):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "p1.npy", x=values[0, :, ::-1])  # no copy of the other
        write(tmp_path / folder / "p2.npy.h5", x=values)
    lists = load_datalist(tmp_path, val_fraction=0.5)
    items = [*lists["training"], *lists["validation"]]
    assert sorted(Path(item["image"]).name for item in items) == ["p1.npy", *["p2.npy.h5"] * 3]
    both = write(tmp_path / "images" / "p3.npz", image=volume[0], label=volume[0])
    assert {"image": f"{both}/image"} in load_images(tmp_path / "images")
    assert {"image": f"{both}/image", "name": "images/p3"} in find_sources(tmp_path)


def test_a_json_list_names_arrays(tmp_path: Path, volume: np.ndarray) -> None:
    (tmp_path / "lists").mkdir()
    for name, image in (("a", volume[0]), ("b", volume[0, :, ::-1])):
        write(tmp_path / f"{name}.npz", image=image, label=image > 3)
    entries = [f'{{"image": "{name}.npz/image", "label": "{name}.npz/label"}}' for name in ("a", "b")]
    (tmp_path / "lists" / "list.json").write_text(f'{{"training": [{", ".join(entries)}]}}')
    lists = load_datalist(tmp_path, datalist="lists/list.json", val_fraction=0.5)
    assert {item["image"] for section in lists for item in lists[section]} == {
        f"{tmp_path}/{name}.npz/image" for name in ("a", "b")
    }


def test_slices_of_chaos_are_read(datasets: Path) -> None:
    path = datasets / "chaos_mri" / "case0001_slice012.npz"
    image, meta = MedicalImageReader().get_data(f"{path}/image")
    label = LoadImage(reader=MedicalImageReader())(f"{path}/label")
    assert image.shape == (1, *array_size(f"{path}/label"))
    assert "stored_max" not in meta  # raw MR values
    np.testing.assert_array_equal(image[0], np.load(path)["image"])
    assert set(MaskToLabels(num_classes=5)(label).unique().tolist()) <= {0, 1, 2, 3, 4}


def test_slices_and_volumes_of_acdc_are_one_another_s(datasets: Path) -> None:
    path = datasets / "acdc" / "volumes" / "patient002_frame01.h5"
    keys = ("image", "label")
    load = Compose(
        [LoadImaged(keys, reader=MedicalImageReader(), ensure_channel_first=True), AsSeend(keys), PickSliced(keys)]
    )
    item = {key: f"{path}/{key}" for key in keys} | {"slice": 4}
    seen = load(item)
    with h5py.File(path) as stored:
        np.testing.assert_array_equal(seen["image"][0], stored["image"][4])
        np.testing.assert_array_equal(seen["label"][0], stored["label"][4])
    assert seen["image"].meta["stored_max"] == 1
    picture = MedicalImageReader().get_data(datasets / "acdc" / "images" / "patient002_frame01_slice_4.jpg")[0]
    assert float(np.corrcoef(picture[0].ravel(), np.asarray(seen["image"][0]).ravel())[0, 1]) > 0.99
