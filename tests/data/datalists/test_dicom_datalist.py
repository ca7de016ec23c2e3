"""Training from DICOM: series, slices and pictures as images; NIfTI, pictures, segmentations and contours as labels."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from dicom_files import Series, write_picture, write_series
from dicom_labels import write_rtstruct, write_seg
from monai.bundle import ConfigParser
from monai.transforms import Compose, LoadImaged
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import UltrasoundImageStorage
from reader_calls import ReaderCalls

from srs_monai.data import SliceCacheDataset, load_datalist, load_images
from srs_monai.data.audit.check_items import check_items
from srs_monai.data.loading.dicom_images import dicom_layout
from srs_monai.data.loading.load_label import LoadLabeld
from srs_monai.data.readers import MedicalImageReader
from srs_monai.data.splits.near_duplicates import near_duplicates

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def prepare() -> Compose:
    """The bundle's own deterministic transforms, for images of 16 x 16 and three classes."""
    parser = ConfigParser()
    parser.read_config(ROOT / "bundle" / "configs" / "train.yaml")
    parser.update({"image_size": [16, 16], "out_channels": 3, "dataset_dir": "none"})
    transform: Compose = parser.get_parsed_content("train#preprocessing")
    return transform


def listed(folder: Path, *entries: dict[str, Any], **more: Any) -> dict[str, list[dict[str, Any]]]:
    sections = {"training": entries[1:], "validation": entries[:1], **more}
    (folder / "list.json").write_text(json.dumps(sections))
    return load_datalist(folder, datalist="list.json")


def as_nifti(series: Series, path: Path, values: NDArray[Any] | None = None) -> Path:
    """The series, or other values (slices, rows, columns) on its slices, as NIfTI with axes stored otherwise."""
    image, meta = MedicalImageReader().get_data(series.folder)
    if values is not None:
        along = series.positions @ np.cross(*np.array(series.orientation).reshape(2, 3))
        image = values[np.argsort(along)].transpose(2, 1, 0).astype(np.uint8)
    path.parent.mkdir(exist_ok=True)
    turned = nib.Nifti1Image(image, meta["affine"]).as_reoriented(np.array([[2, -1], [0, 1], [1, -1]]))
    nib.save(turned, path)
    return path


def write_case(folder: Path, name: str, number: int, **options: Any) -> tuple[Series, NDArray[np.int64]]:
    """A series in folder/name with its classes 0, 1 and 2 as NIfTI, segments and contours of boxes."""
    stored = np.random.default_rng(number).integers(0, 2000, (4, 12, 14)).astype(np.int16)
    series = write_series(folder / name, along=[0, 2.5, 5, 7.5], stored=stored, **options)
    classes = np.zeros(stored.shape, np.int64)
    classes[1:3, 2:8, 3:9] = 1
    classes[2:4, 4:6, 9:12] = 2
    as_nifti(series, folder / f"{name}.nii.gz", classes)
    write_seg(folder / f"{name}_seg.dcm", series.files, {"liver": classes == 1, "spleen": classes == 2})
    boxes = {"liver": ((1, 2), (2.5, 1.5, 8.5, 7.5)), "spleen": ((2, 3), (8.5, 3.5, 11.5, 5.5))}
    across, down = np.array(series.orientation).reshape(2, 3)
    regions = []
    for region, (slices, (left, top, right, bottom)) in boxes.items():
        corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)]) * [0.6, 0.8]
        in_plane = np.outer(corners[:, 0], across) + np.outer(corners[:, 1], down)
        regions.append((region, [("CLOSED_PLANAR", series.positions[i] + in_plane) for i in slices]))
    frame = pydicom.dcmread(series.files[0]).FrameOfReferenceUID
    write_rtstruct(folder / f"{name}_rt" / "1.dcm", [("body", []), *regions], frame)
    return series, classes


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    for number, name in enumerate("abc"):
        write_case(tmp_path, name, number)
    return tmp_path


NAMES = {"1": "liver", "2": "spleen"}


@pytest.mark.parametrize("label", ["{}.nii.gz", "{}_seg.dcm", "{}_rt", "{}_rt/1.dcm"])
@pytest.mark.parametrize("labels", [NAMES, {"background": 0, "liver": 1, "spleen": 2}])
def test_a_list_may_name_series_with_labels_of_any_kind(
    cases: Path, label: str, labels: dict[str, Any], prepare: Compose
) -> None:
    entries = [{"image": name, "label": label.format(name)} for name in "abc"]
    found = listed(cases, *entries, labels=labels)
    assert [item["slice"] for item in found["validation"]] == [0, 1, 2, 3]
    assert len(found["training"]) == 8
    expected = [{**item, "label": str(cases / "b.nii.gz")} for item in found["training"][:4]]
    assert [Path(item["image"]).name for item in expected] == ["b"] * 4
    for item in expected:
        item.pop("region_numbers", None)
    for ours, theirs in zip(found["training"][:4], expected, strict=True):
        one, other = prepare(ours), prepare(theirs)
        np.testing.assert_array_equal(one["label"], other["label"])
        np.testing.assert_array_equal(one["image"], other["image"])
    assert {float(v) for item in found["training"][:4] for v in prepare(item)["label"].unique()} == {0, 1, 2}
    check_items([SliceCacheDataset(found[part], prepare) for part in ("training", "validation")])


@pytest.mark.parametrize(
    "orientation", [(1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0), (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1)]
)
def test_a_series_and_its_nifti_twin_give_the_same_items(
    tmp_path: Path, orientation: tuple[float, ...], prepare: Compose
) -> None:
    series, _ = write_case(tmp_path, "a", 0, orientation=tuple(map(float, orientation)), modality="MR")
    write_case(tmp_path, "b", 1)
    as_nifti(series, tmp_path / "twin.nii.gz")
    label = {"label": "a.nii.gz"}
    series_items, twin_items = (
        listed(tmp_path, {"image": "b", "label": "b.nii.gz"}, {"image": image, **label})["training"]
        for image in ("a", "twin.nii.gz")
    )
    assert len(series_items) == len(twin_items)
    for ours, theirs in zip(series_items, twin_items, strict=True):
        one, other = prepare(ours), prepare(theirs)
        np.testing.assert_array_equal(one["image"], other["image"])
        np.testing.assert_array_equal(one["label"], other["label"])


def test_a_real_series_and_its_twin_give_the_same_items(datasets: Path) -> None:
    parser = ConfigParser()
    parser.read_config(ROOT / "bundle" / "configs" / "train.yaml")
    parser.update({"image_size": [64, 64], "out_channels": 118, "dataset_dir": "none", "intensity": "window"})
    prepare = parser.get_parsed_content("train#preprocessing")
    dicom, nifti = datasets / "dicom", datasets / "ct_abdomen"
    series = {"image": str(dicom / "ct_series_totalseg_j2k"), "label": str(nifti / "totalseg_dicom20_label117.nii.gz")}
    twin = {"image": str(nifti / "totalseg_dicom20_ct.nii.gz"), "label": series["label"]}
    for number in (0, 13):
        one, other = prepare(series | {"slice": number}), prepare(twin | {"slice": number})
        np.testing.assert_allclose(one["image"], other["image"], atol=1e-6)
        np.testing.assert_array_equal(one["label"], other["label"])


@pytest.mark.parametrize("label", ["{}.nii.gz", "{}_seg.dcm", "{}_rt"])
def test_slices_without_a_label_may_be_skipped(cases: Path, label: str) -> None:
    entries = [{"image": name, "label": label.format(name)} for name in "abc"]
    (cases / "list.json").write_text(json.dumps({"training": entries[1:], "validation": entries[:1], "labels": NAMES}))
    found = load_datalist(cases, datalist="list.json", skip_empty_slices=True)
    assert [item["slice"] for item in found["training"]] == [1, 2, 3, 1, 2, 3]
    assert len(found["validation"]) == 4


def test_one_of_several_series_is_named_by_its_uid(cases: Path) -> None:
    series = write_series(cases / "two", along=[0, 2.5], stored=np.zeros((2, 12, 14), np.int16))
    for file in (cases / "a").iterdir():
        shutil.copy(file, cases / "two")
    write_seg(cases / "two_seg.dcm", series.files, {"liver": np.ones((2, 12, 14), bool)})
    entry = {"image": f"two/{series.uid}", "label": "two_seg.dcm"}
    elsewhere = cases / "lists"
    elsewhere.mkdir()
    (elsewhere / "list.json").write_text(
        json.dumps({"training": [{"image": "a", "label": "a.nii.gz"}], "validation": [entry]})
    )
    found = load_datalist(cases, datalist="lists/list.json")
    assert found["validation"][0]["image"] == str(cases / "two" / series.uid)
    assert len(found["validation"]) == 2


def test_a_folder_may_hold_series_and_slices(tmp_path: Path, prepare: Compose) -> None:
    for number, name in enumerate("abc"):
        write_case(tmp_path / "source", f"case.{name}", number)
        shutil.copytree(tmp_path / "source" / f"case.{name}", tmp_path / "images" / f"case.{name}")
        (tmp_path / "masks").mkdir(exist_ok=True)
    shutil.copy(tmp_path / "source" / "case.a.nii.gz", tmp_path / "masks" / "case.a.nii.gz")
    shutil.copy(tmp_path / "source" / "case.b_seg.dcm", tmp_path / "masks" / "case.b.dcm")
    (tmp_path / "masks" / "case.c").mkdir()
    (tmp_path / "images" / "no dicom").mkdir()
    shutil.copy(tmp_path / "source" / "case.c_seg.dcm", tmp_path / "masks" / "case.c" / "1-1.dcm")
    found = load_datalist(tmp_path)
    images = {Path(item["image"]).name for items in found.values() for item in items}
    assert images == {"case.a", "case.b", "case.c"}
    check_items([SliceCacheDataset(found[part], prepare) for part in ("training", "validation")])


@pytest.mark.parametrize("orientation", [(1.0, 0, 0, 0, 1, 0), (-1.0, 0, 0, 0, -1, 0), (0, 1.0, 0, 0, 0, -1)])
def test_a_slice_and_a_picture_of_its_mask_belong_together(
    tmp_path: Path, orientation: tuple[float, ...], prepare: Compose
) -> None:
    """The mask marks the brightest pixels as they are stored: so it must in what is trained on."""
    for i, name in enumerate("ab"):
        stored = np.zeros((1, 16, 16), np.int16)
        stored[0, 2:5, 1 + i : 9] = 2000
        series = write_series(tmp_path / name, along=[2.5 * i], stored=stored, orientation=orientation, modality="MR")
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "masks").mkdir(exist_ok=True)
        shutil.copy(series.files[0], tmp_path / "images" / f"{name}.dcm")
        Image.fromarray((stored[0] > 0).astype(np.uint8)).save(tmp_path / "masks" / f"{name}.png")
    found = load_datalist(tmp_path, val_fraction=0.5)
    for item in found["training"] + found["validation"]:
        assert item["slice"] == 0
        ready = prepare(item)
        np.testing.assert_array_equal(ready["image"][0] > 0.5, ready["label"][0] == 1)
        assert 0 < ready["label"].sum() < 256
    Image.new("L", (15, 16)).save(tmp_path / "masks" / "a.png")
    with pytest.raises(ValueError, match=r"a.dcm has 16 x 16 pixels and .*a.png 16 x 15"):
        load_datalist(tmp_path, val_fraction=0.5)


def test_frames_of_ultrasound_have_pictures_for_masks(tmp_path: Path, prepare: Compose) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (3, 20, 24)).astype(np.uint8)
    dataset = pydicom.dcmread(write_picture(tmp_path / "us.dcm", frames[0], UltrasoundImageStorage, "US"))
    dataset.NumberOfFrames, dataset.PixelData = 3, frames.tobytes()
    dataset.save_as(tmp_path / "us.dcm")
    Image.fromarray((frames[1] > 100).astype(np.uint8)).save(tmp_path / "m.png")
    entries = [{"image": f"us.dcm/frame_000{i}", "label": "m.png"} for i in (1, 2)]
    found = listed(tmp_path, *entries)
    assert [set(item) for item in found["training"]] == [{"image", "label"}]
    np.testing.assert_array_equal(prepare(found["training"][0])["label"].shape, (1, 16, 16))
    with pytest.raises(ValueError, match=r"us.dcm holds a sequence of 3; name each frame .*us.dcm/frame_0001"):
        listed(tmp_path, {"image": "us.dcm", "label": "m.png"}, entries[0])
    assert [item["image"] for item in load_images(tmp_path)] == [
        str(tmp_path / "m.png"),
        *(str(tmp_path / "us.dcm" / f"frame_000{i}") for i in (1, 2, 3)),
    ]


@pytest.mark.parametrize(
    ("entry", "more", "reason"),
    [
        (
            {"image": "b", "label": "b_seg.dcm"},
            {"labels": {"1": "Liver"}},
            r"b_seg.dcm has no 'Liver', .*liver, spl",
        ),
        ({"image": "b", "label": "b_rt"}, {}, r"1.dcm has 3 .*\(body, liver, spleen\)"),
        ({"image": "b", "label": "b_rt"}, {"labels": 3}, r"list\.json: .* got 3;"),
        ({"image": "b", "label": "b_seg.dcm"}, {"labels": {"liver": [1, 2]}}, r"list\.json: .*'liver' .*\[1, 2\]"),
        ({"image": "b", "label": "b_seg.dcm"}, {"labels": {"0": "background"}}, r"list\.json: .* above 0"),
        ({"image": "b", "label": "a_seg.dcm"}, {}, r"b and .*a_seg.dcm have different frames of reference"),
        ({"image": "b", "label": "a_rt"}, {"labels": NAMES}, r"b and .*1.dcm have different frames of reference"),
        ({"image": "b", "label": "long.nii.gz"}, {}, r"b has 12 x 14 x 4 pixels and .*long.nii.gz 13 x 14 x 4"),
        ({"image": "b", "label": "aside.nii.gz"}, {}, r"aside.nii.gz lies up to 9.0 mm away from .*b"),
        ({"image": "b/1.2.3", "label": "b_seg.dcm"}, {}, r"no file or series 1.2.3 in .*b, which holds the series"),
        ({"image": "nowhere", "label": "b_seg.dcm"}, {}, r"no file or series nowhere in"),
        ({"image": "picture.png", "label": "b_seg.dcm"}, {}, r"picture.png is a picture, and the regions of"),
        ({"image": "b_seg.dcm", "label": "b_seg.dcm"}, {}, r"b_seg.dcm is a segmentation; name the image"),
        ({"image": "gap", "label": "b_seg.dcm"}, {}, r"gap.* lacks 1: 38"),
        (
            {"image": "empty", "label": "b_seg.dcm"},
            {},
            r"empty holds no DICOM images",
        ),
    ],
)
def test_what_does_not_belong_together_is_refused(
    cases: Path, entry: dict[str, Any], more: dict[str, Any], reason: str
) -> None:
    write_series(cases / "gap", along=[0, 2.5, 7.5, 10])
    (cases / "empty").mkdir()
    Image.new("L", (14, 12)).save(cases / "picture.png")
    label = nib.load(cases / "b.nii.gz")
    values, affine = np.asarray(label.dataobj), label.affine.copy()
    nib.save(nib.Nifti1Image(np.concatenate([values, values[:1]], axis=0), affine), cases / "long.nii.gz")
    affine[0, 3] += 9
    nib.save(nib.Nifti1Image(values, affine), cases / "aside.nii.gz")
    with pytest.raises(ValueError, match=reason):
        listed(cases, {"image": "c", "label": "c.nii.gz"}, entry, **more)


def test_an_entry_may_have_labels_of_its_own(cases: Path, prepare: Compose) -> None:
    """The way out for a case that lacks one of the list's structures."""
    entries = [{"image": name, "label": f"{name}_seg.dcm"} for name in "ab"]
    with pytest.raises(ValueError, match="has no 'kidney'"):
        listed(cases, *entries, labels={**NAMES, "3": "kidney"})
    for entry in entries:
        entry["labels"] = {"2": "liver"}  # type: ignore[assignment]
    found = listed(cases, *entries, labels={**NAMES, "3": "kidney"})
    assert prepare(found["training"][1])["label"].unique().tolist() == [0, 2]


@pytest.mark.parametrize("seed", range(4))
def test_slices_of_one_series_stay_on_one_side(tmp_path: Path, seed: int) -> None:
    """As files of their own, they are images of their own, whose patients DICOM tells apart."""
    for number, name in enumerate("abc"):
        series, classes = write_case(tmp_path / "source", name, number)
        for i, file in enumerate(series.files):
            for kind in ("images", "masks"):
                (tmp_path / kind).mkdir(exist_ok=True)
            shutil.copy(file, tmp_path / "images" / f"{name}{i}{'.dcm' if number else ''}")
            Image.fromarray((classes[i] > 0).astype(np.uint8)).save(tmp_path / "masks" / f"{name}{i}.png")
    found = load_datalist(tmp_path, seed=seed, val_fraction=0.34)
    held_out = {Path(item["image"]).stem[0] for item in found["validation"]}
    assert len(found["validation"]) == 4
    assert held_out.isdisjoint(Path(item["image"]).stem[0] for item in found["training"])


def test_frames_of_one_file_stay_together(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (2, 20, 24)).astype(np.uint8)
    dataset = pydicom.dcmread(write_picture(tmp_path / "us.dcm", frames[0], UltrasoundImageStorage, "US"))
    dataset.NumberOfFrames, dataset.PixelData = 2, frames.tobytes()
    dataset.save_as(tmp_path / "us.dcm")
    Image.fromarray((frames[1] > 100).astype(np.uint8)).save(tmp_path / "m.png")
    listed(tmp_path, *({"image": f"us.dcm/frame_000{i}", "label": "m.png"} for i in (1, 2)))
    assert f"patients in two sections: series {dataset.SeriesInstanceUID}" in caplog.text


def test_copies_of_series_are_found(cases: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.copytree(cases / "a", cases / "z")
    assert [pair[:2] for pair in near_duplicates([cases / "a", cases / "b", cases / "z"])] == [
        (str(cases / "a"), str(cases / "z"))
    ]
    twin = as_nifti(Series(cases / "a", [], np.zeros(0), np.zeros((0, 3)), ""), cases / "twin.nii.gz")
    [(_, _, correlation)] = near_duplicates([cases / "a", twin])
    assert correlation > 0.999, "NIfTI, whose axes are stored otherwise"
    caplog.set_level(logging.WARNING)
    listed(cases, {"image": "a", "label": "a.nii.gz"}, {"image": "z", "label": "a.nii.gz"})
    assert "near-duplicates in two sections, pairs: 1: z (training) and a (validation)" in caplog.text


def test_unlabelled_series_are_found_in_folders_of_folders(cases: Path) -> None:
    (cases / "deep").mkdir()
    shutil.move(cases / "b", cases / "deep" / "study")
    for path in [*cases.glob("*.nii.gz"), *cases.glob("*.dcm")]:
        path.unlink()
    found = load_images(cases)
    assert {item["image"] for item in found} == {str(cases / "a"), str(cases / "c"), str(cases / "deep" / "study")}
    assert len(found) == 12


def test_each_header_is_read_once(
    cases: Path, tmp_path_factory: pytest.TempPathFactory, reader_calls: ReaderCalls
) -> None:
    """Those of series with a folder each, of series that share one, of segmentations and of contours."""
    cases = shutil.copytree(cases, tmp_path_factory.mktemp("not read yet") / "cases")
    flat = [write_series(cases / "flat", along=range(number)) for number in (3, 4)]
    entries = [
        {"image": "a", "label": "a.nii.gz"},
        {"image": "b", "label": "b_seg.dcm"},
        {"image": "c", "label": "c_rt"},
    ]
    tests = [{"image": f"flat/{series.uid}"} for series in flat]
    found = listed(cases, *entries, labels=NAMES, test=tests)
    images = [path for name in ("a", "b", "c", "flat") for path in (cases / name).iterdir()]
    files = [*images, cases / "b_seg.dcm", cases / "c_rt" / "1.dcm"]
    assert reader_calls.headers == dict.fromkeys(files, 1)
    assert sum(reader_calls.pixels.values()) == 5, "the middle slice of each series is compared with the others"
    reader_calls.clear()
    load_image = LoadImaged("image", reader=MedicalImageReader(), ensure_channel_first=True)
    load_label = LoadLabeld("label", allow_missing_keys=True)
    for item in {item["image"]: item for section in found.values() for item in section}.values():
        load_label(load_image(item))
    assert not reader_calls.headers
    assert reader_calls.pixels == dict.fromkeys(files, 1)


def test_a_layout_is_remembered(cases: Path) -> None:
    first = dicom_layout(cases / "a")
    assert dicom_layout(cases / "a") is first
