"""Data lists: what belongs together is found, and what is wrong is refused before any work."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import ExifTags, Image

from srs_monai.data import load_datalist, load_images

NAMES = [f"case {i}.v1" for i in range(10)]  # blanks and dots, as in real names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        picture(tmp_path / "images" / f"{name}.png")
        picture(tmp_path / "masks" / f"{name}.png")
    return tmp_path


def picture(path: Path, size: tuple[int, int] = (6, 4), **options: Any) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.new("L", size).save(path, **options)
    return path


def lists(folder: Path, **names: Iterable[str]) -> None:
    for name, listed in names.items():
        (folder / f"{name}.txt").write_text("\n".join(listed) + "\n")


def names_of(items: list[dict[str, Any]]) -> list[str]:
    return [Path(item["image"]).name.removesuffix(".png") for item in items]


def test_lists_say_what_is_for_what(folder: Path) -> None:
    lists(folder, train=NAMES[2:5], val=NAMES[:2], test=NAMES[5:7])
    datalist = load_datalist(folder)
    assert {section: names_of(items) for section, items in datalist.items()} == {
        "training": NAMES[2:5],
        "validation": NAMES[:2],
        "test": NAMES[5:7],
    }
    assert datalist["test"][0] == {
        "image": str(folder / "images" / f"{NAMES[5]}.png"),
        "label": str(folder / "masks" / f"{NAMES[5]}.png"),
    }


def test_images_alone_are_listed_without_a_folder_of_masks(folder: Path) -> None:
    (folder / "masks" / f"{NAMES[0]}.png").unlink()
    datalist = load_datalist(folder, masks_dir=None)
    assert sorted(names_of(datalist["training"] + datalist["validation"])) == NAMES
    assert all(set(item) == {"image"} for items in datalist.values() for item in items)


def test_lists_may_have_other_names_and_places(folder: Path) -> None:
    (folder / "splits").mkdir()
    lists(folder / "splits", train_1=NAMES[:6], val_1=NAMES[6:])
    lists(folder, train=NAMES[:1], val=NAMES[1:])
    datalist = load_datalist(folder, train_list="splits/train_1.txt", val_list="splits/val_1.txt")
    assert names_of(datalist["training"]) == NAMES[:6]
    assert datalist["test"] == []


def test_a_given_split_is_written_down_too(folder: Path, tmp_path: Path) -> None:
    lists(folder, train=NAMES[2:5], val=NAMES[:2], test=NAMES[5:7])
    load_datalist(folder, split_dir=tmp_path / "out")
    assert (tmp_path / "out" / "train.txt").read_text().splitlines() == NAMES[2:5]
    assert (tmp_path / "out" / "test.txt").read_text().splitlines() == NAMES[5:7]


def test_a_list_that_was_named_must_be_there(folder: Path) -> None:
    lists(folder, train=NAMES[:6], val=NAMES[6:])
    with pytest.raises(ValueError, match=r"there is no list .*splits.train_4.txt"):
        load_datalist(folder, train_list="splits/train_4.txt")


def test_without_lists_a_seeded_split_is_drawn_and_written_down(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "split"
    datalist = load_datalist(folder, seed=3, split_dir=out)
    assert (len(datalist["training"]), len(datalist["validation"]), datalist["test"]) == (7, 3, [])
    assert (out / "train.txt").read_text().splitlines() == names_of(datalist["training"])
    assert load_datalist(folder, train_list=str(out / "train.txt"), val_list=str(out / "val.txt")) == datalist
    assert load_datalist(folder, seed=3) == datalist
    with pytest.raises(ValueError, match="holds another split"):
        load_datalist(folder, seed=4, split_dir=out)


def test_a_drawn_split_leaves_the_test_list_alone(folder: Path) -> None:
    lists(folder, test=NAMES[:4])
    datalist = load_datalist(folder, val_fraction=0.5)
    assert sorted(names_of(datalist["training"] + datalist["validation"])) == NAMES[4:]
    assert len(datalist["validation"]) == 3


def test_one_list_alone_is_refused(folder: Path) -> None:
    lists(folder, train=NAMES[:6])
    with pytest.raises(ValueError, match="no list of validation images"):
        load_datalist(folder)


def test_masks_are_found_by_suffix_and_any_extension(tmp_path: Path) -> None:
    for name in ("a", "b"):
        picture(tmp_path / "imgs" / f"{name}.JPG")
        picture(tmp_path / "labels" / f"{name}_seg.tiff")
        picture(tmp_path / "labels" / f"{name}.png", size=(9, 9))
    (tmp_path / "imgs" / "notes.txt").write_text("no image")
    picture(tmp_path / "imgs" / "._a.png")  # left behind by another system
    datalist = load_datalist(tmp_path, images_dir="imgs", masks_dir="labels", mask_suffix="_seg", val_fraction=0.5)
    items = sorted(datalist["training"] + datalist["validation"], key=lambda item: item["image"])
    assert [Path(item["image"]).name for item in items] == ["a.JPG", "b.JPG"]
    assert [Path(item["label"]).name for item in items] == ["a_seg.tiff", "b_seg.tiff"]


def test_images_and_masks_may_share_a_folder_when_a_suffix_tells_them_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        picture(tmp_path / f"{name}.png")
        picture(tmp_path / f"{name}_mask.png")
    datalist = load_datalist(tmp_path, images_dir=".", masks_dir=".", mask_suffix="_mask", val_fraction=0.5)
    assert sorted(names_of(datalist["training"] + datalist["validation"])) == ["a", "b"]
    with pytest.raises(ValueError, match=r"images and masks; .* mask_suffix"):
        load_datalist(tmp_path, images_dir=".", masks_dir=".")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: lists(f, train=["x1", "x2", *NAMES[:3], "x3"], val=NAMES[3:]), r"images has none for x1, x2, x3;"),
        (lambda f: lists(f, train=[f"x{i}" for i in range(7)], val=NAMES), r"x0, x1, x2, x3, x4 \.\.\. \(7 in all\)"),
        (lambda f: (f / "masks" / f"{NAMES[0]}.png").unlink(), rf"masks has none for {NAMES[0]};"),
        (lambda f: lists(f, train=NAMES[:6], val=NAMES[5:]), f"training and validation share {NAMES[5]};"),
        (lambda f: lists(f, train=[NAMES[0], NAMES[0]], val=NAMES[5:]), rf"train.txt repeats {NAMES[0]};"),
        (lambda f: picture(f / "images" / f"{NAMES[0]}.jpg"), rf"images holds {NAMES[0]}.jpg and {NAMES[0]}.png;"),
        (lambda f: picture(f / "masks" / f"{NAMES[0]}.bmp"), rf"masks holds {NAMES[0]}.bmp and {NAMES[0]}.png;"),
        (
            lambda f: picture(f / "masks" / f"{NAMES[0]}.png", size=(4, 6)),
            rf"{NAMES[0]}.png has 4 x 6 pixels and .*{NAMES[0]}.png 6 x 4; correct",
        ),
        (lambda f: (f / "images" / f"{NAMES[0]}.png").write_bytes(b""), rf"{NAMES[0]}.png cannot be read as a picture"),
        (lambda f: (f / "images").rename(f / "pictures"), r"has no folder images/; .* images_dir"),
        (lambda f: (f / "masks").rename(f / "labels"), r"has no folder masks/; .* masks_dir"),
    ],
)
def test_bad_folders_are_refused(folder: Path, spoil: Callable[[Path], object], reason: str) -> None:
    spoil(folder)
    with pytest.raises(ValueError, match=reason):
        load_datalist(folder)


def test_several_bad_files_are_counted(folder: Path) -> None:
    for name in NAMES[:4]:
        (folder / "images" / f"{name}.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"files cannot be used: .*\(4 in all\)"):
        load_datalist(folder)


def test_empty_and_missing_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    with pytest.raises(ValueError, match="images holds no images"):
        load_datalist(tmp_path)
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere"):
        load_datalist(tmp_path / "nowhere")


def test_sizes_are_compared_as_the_pictures_are_seen(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for name in ("a", "b"):
        picture(tmp_path / "images" / f"{name}.jpg", size=(6, 4), exif=exif)
        picture(tmp_path / "masks" / f"{name}.png", size=(4, 6))
    assert len(load_datalist(tmp_path, val_fraction=0.5)["training"]) == 1


def test_unlabelled_images_are_found_in_folders_of_folders(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(np.zeros((4, 5, 3), dtype=np.uint8), np.eye(4)), tmp_path / "a.nii.gz")
    deep = picture(tmp_path / "more" / "deep" / "b.PNG")
    picture(tmp_path / ".cache" / "c.png")
    assert load_images(tmp_path) == [
        *({"image": str(tmp_path / "a.nii.gz"), "slice": k} for k in range(3)),
        {"image": str(deep)},
    ]
    (tmp_path / "more" / "bad.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"bad.png cannot be read"):
        load_images(tmp_path)


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no images"):
        load_images(tmp_path)
    with pytest.raises(ValueError, match="there is no folder"):
        load_images(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "options", "counts"),
    [
        ("mini/sirst", {}, (16, 8, 0)),
        ("mini/busi", {}, (16, 8, 0)),
        ("mini/isic2018", {"mask_suffix": "_segmentation"}, (16, 8, 0)),
        ("busi", {"train_list": "splits/train_1.txt", "val_list": "splits/val_1.txt"}, (452, 195, 0)),
        ("sirst", {}, (256, 85, 86)),
        ("isic2018", {"mask_suffix": "_segmentation"}, (178, 46, 76)),
        ("kvasir", {}, (4, 1, 0)),
    ],
)
def test_real_folders(datasets: Path, name: str, options: dict[str, str], counts: tuple[int, ...]) -> None:
    fraction = 0.2 if name == "kvasir" else 0.3
    datalist = load_datalist(datasets / name, val_fraction=fraction, **options)  # type: ignore[arg-type]
    assert tuple(len(items) for items in datalist.values()) == counts


def test_a_real_mask_of_another_size_is_refused(datasets: Path, tmp_path: Path) -> None:
    for name in ("Misc_1", "Misc_111"):
        for kind in ("images", "masks"):
            (tmp_path / kind).mkdir(exist_ok=True)
            source = datasets / "sirst" / kind / f"{name}.png"
            (tmp_path / kind / f"{name}.png").write_bytes(source.read_bytes())
    assert load_datalist(tmp_path, val_fraction=0.5)["training"]
    mismatch = datasets / "sirst" / "original_mismatch" / "Misc_111_pixels0.png"
    (tmp_path / "masks" / "Misc_111.png").write_bytes(mismatch.read_bytes())
    with pytest.raises(ValueError, match=r"Misc_111.png has 220 x 325 pixels and .*Misc_111.png 400 x 592;"):
        load_datalist(tmp_path, val_fraction=0.5)


def test_the_split_of_a_run_is_measured_on_where_nothing_else_is_asked_for(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = Path("run") / "split"
    trained = load_datalist(folder, seed=7, split_dir=run)
    measured = load_datalist(folder, seed=41, run_split=run)
    assert measured["validation"] == trained["validation"]
    other = next(seed for seed in range(50) if load_datalist(folder, seed=seed)["validation"] != trained["validation"])
    assert load_datalist(folder, seed=other, run_split=run)["validation"] == trained["validation"]


def test_what_a_run_trained_on_is_not_held_out(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run" / "split"
    trained = load_datalist(folder, seed=7, split_dir=run)
    name = names_of(trained["training"])[0]
    others = [n for n in names_of(trained["training"] + trained["validation"]) if n != name]
    lists(folder, mine=others, held_out=[name])
    with pytest.raises(ValueError, match=rf"1 of 1 images .*train\.txt, .*: {re.escape(name)};"):
        load_datalist(folder, train_list="mine.txt", val_list="held_out.txt", run_split=run)


def test_lists_that_a_recipe_passes_by_are_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    lists(folder, train=NAMES[:3], val=NAMES[3:])
    with caplog.at_level("WARNING"):
        load_datalist(folder, recipe="busi")
    assert "split 1 of the recipe busi is used" in caplog.text
