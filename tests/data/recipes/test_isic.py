"""The two ISIC data sets, in the challenges' folders and plain."""

from collections.abc import Callable
from pathlib import Path

import pytest

from srs_monai.data import load_datalist
from srs_monai.data.recipes import recipe

FOLDERS = {
    "isic2017": {
        "training": ("ISIC-2017_Training_Data", "ISIC-2017_Training_Part1_GroundTruth"),
        "validation": ("ISIC-2017_Validation_Data", "ISIC-2017_Validation_Part1_GroundTruth"),
        "test": ("ISIC-2017_Test_v2_Data", "ISIC-2017_Test_v2_Part1_GroundTruth"),
    },
    "isic2018": {
        "training": ("ISIC2018_Task1-2_Training_Input", "ISIC2018_Task1_Training_GroundTruth"),
        "validation": ("ISIC2018_Task1-2_Validation_Input", "ISIC2018_Task1_Validation_GroundTruth"),
        "test": ("ISIC2018_Task1-2_Test_Input", "ISIC2018_Task1_Test_GroundTruth"),
    },
}
COUNTS = {"training": 10, "validation": 3, "test": 4}


@pytest.fixture(params=FOLDERS)
def challenge(
    request: pytest.FixtureRequest, tmp_path: Path, draw: Callable[..., Path], draw_pairs: Callable[..., None]
) -> tuple[str, Path]:
    """A small data set in the official folders, with superpixels beside the images."""
    number = 0
    for section, (images, masks) in FOLDERS[request.param].items():
        for _ in range(COUNTS[section]):
            name = f"ISIC_{number:07d}"
            draw_pairs(tmp_path, {f"{images}/{name}.jpg": f"{masks}/{name}_segmentation.png"})
            draw(tmp_path / images / f"{name}_superpixels.png")
            number += 1
        (tmp_path / images / "LICENSE.txt").write_text("a text")
    return request.param, tmp_path


def test_the_official_folders_are_the_official_split(challenge: tuple[str, Path]) -> None:
    name, folder = challenge
    sections = load_datalist(folder, recipe=name, split="official")
    assert {section: len(items) for section, items in sections.items()} == COUNTS
    assert not [case for case in recipe(name).cases(folder) if "superpixels" in case.image or not case.masks]


def test_a_drawn_split_leaves_the_test_images_alone(challenge: tuple[str, Path]) -> None:
    name, folder = challenge
    official, drawn = (load_datalist(folder, recipe=name, split=split) for split in ("official", "1"))
    assert {section: len(items) for section, items in drawn.items()} == {"training": 9, "validation": 4, "test": 4}
    assert drawn["test"] == official["test"]


def test_folders_without_masks_are_left_out(challenge: tuple[str, Path]) -> None:
    name, folder = challenge
    for section in ("validation", "test"):
        for path in (folder / FOLDERS[name][section][1]).iterdir():
            path.unlink()
        (folder / FOLDERS[name][section][1]).rmdir()
    cases = recipe(name).cases(folder)
    assert len(cases) == COUNTS["training"]
    assert "official" not in recipe(name).published(folder, cases)


def test_real_images_of_2018(datasets: Path) -> None:
    cases = recipe("isic2018").cases(datasets / "isic2018")
    assert len(cases) == 2500
    assert all(len(case.masks) == 1 and case.image and f"{case.name}_segmentation" in case.masks[0] for case in cases)
    lists = recipe("isic2018").published(datasets / "isic2018", cases)["lists"]
    assert [len(lists[section]) for section in ("training", "validation", "test")] == [178, 46, 76]
