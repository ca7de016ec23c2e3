"""BUS, TN-SCUI, NUDT-KBT19 and Kvasir-SEG: an image, a mask, one name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from monai.transforms import Compose, LoadImaged

from srs_monai.data import load_datalist
from srs_monai.data.readers import MaskReader
from srs_monai.data.recipes import recipe
from srs_monai.data.transforms import MaskToLabelsd


@pytest.mark.parametrize(
    ("name", "image", "mask"),
    [
        ("bus", "images/case{:04d}.png", "masks/case{:04d}.png"),
        ("bus", "original/case{:04d}.bmp", "GT/case{:04d}.bmp"),
        ("tnscui", "image/{}.PNG", "mask/{}.PNG"),
        ("nudt_kbt19", "images/{}.bmp", "masks/{}.bmp"),
        ("kvasir_seg", "images/cju{}.jpg", "masks/cju{}.jpg"),
    ],
)
def test_the_layouts_pair_images_and_masks(
    tmp_path: Path, draw_pairs: Callable[..., None], name: str, image: str, mask: str
) -> None:
    draw_pairs(tmp_path, {image.format(i): mask.format(i) for i in range(1, 11)})
    (tmp_path / "train.csv").write_text("ID,CATE\n1.PNG,0\n")
    found = recipe(name).cases(tmp_path)
    assert [(Path(c.image).name, Path(c.masks[0]).name) for c in found if c.name.endswith("3")] == [
        (Path(image.format(3)).name, Path(mask.format(3)).name)
    ]
    sections = load_datalist(tmp_path, recipe=name)
    assert [len(items) for items in sections.values()] == [7, 3, 0]


@pytest.mark.parametrize("name", ["bus", "nudt_kbt19"])
def test_the_lists_of_the_release_are_published_1(tmp_path: Path, draw_pairs: Callable[..., None], name: str) -> None:
    draw_pairs(tmp_path, {f"images/{i}.bmp": f"masks/{i}.bmp" for i in range(5)})
    (tmp_path / "train.txt").write_bytes(b"3\r\n0\r\n1\r\n")
    (tmp_path / "val.txt").write_bytes(b"2\r\n")
    sections = load_datalist(tmp_path, recipe=name, split="published_1")
    assert [Path(item["image"]).stem for item in sections["training"]] == ["3", "0", "1"]
    assert [Path(item["image"]).stem for item in sections["validation"]] == ["2"]


def test_the_lists_of_bus_divide_562_images(datasets: Path, tmp_path: Path, draw: Callable[..., Path]) -> None:
    names = [(datasets / "bus_splits" / f"{part}.txt").read_text().split() for part in ("train", "val")]
    assert [len(each) for each in names] == [393, 169]
    for name in names[0] + names[1]:
        for folder in ("images", "masks"):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / f"{name}.png").touch()
    for part in ("train", "val"):
        (tmp_path / f"{part}.txt").write_bytes((datasets / "bus_splits" / f"{part}.txt").read_bytes())
    cases = recipe("bus").cases(tmp_path)
    published = recipe("bus").published(tmp_path, cases)["published_1"]
    assert {*published["training"], *published["validation"]} == {case.name for case in cases}
    assert len(cases) == 562


def test_real_polyps_with_jpeg_masks(datasets: Path) -> None:
    read = Compose([LoadImaged("label", reader=MaskReader(), ensure_channel_first=True), MaskToLabelsd("label")])
    sections = load_datalist(datasets / "kvasir", recipe="kvasir_seg")
    items = [item for section in sections.values() for item in section]
    assert len(items) == 5
    for item in items:
        mask = read(item)["label"]
        assert mask.unique().tolist() == [0, 1]
        assert 0.01 < mask.mean() < 0.6
