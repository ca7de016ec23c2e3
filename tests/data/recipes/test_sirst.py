"""SIRST in its two layouts."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from srs_monai.data import load_datalist
from srs_monai.data.recipes import recipe

SIRST = recipe("sirst")


def test_the_plain_layout_has_the_official_lists(datasets: Path) -> None:
    sections = load_datalist(datasets / "sirst", recipe="sirst", split="official")
    assert {section: len(items) for section, items in sections.items()} == {
        "training": 256,
        "validation": 85,
        "test": 86,
    }
    assert len(SIRST.cases(datasets / "sirst")) == 427


@pytest.fixture
def original(datasets: Path, tmp_path: Path) -> Path:
    """A few real images in the layout of the authors' repository, with Misc_111's mask as it stands there."""
    for name in ("Misc_1", "Misc_2", "Misc_7", "Misc_111"):
        source = datasets / "sirst" / "original_mismatch" / f"{name}_pixels0.png"
        source = source if source.is_file() else datasets / "sirst" / "masks" / f"{name}.png"
        for path, folder, target in (
            (datasets / "sirst" / "images" / f"{name}.png", "images", f"{name}.png"),
            (source, "masks", f"{name}_pixels0.png"),
        ):
            (tmp_path / folder).mkdir(exist_ok=True)
            shutil.copy(path, tmp_path / folder / target)
    for folder, training in (("idx_427", "Misc_1"), ("idx_320", "Misc_2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "train.txt").write_text(training)
        (tmp_path / folder / "trainval.txt").write_text(f"{training}\nMisc_7")
        (tmp_path / folder / "val.txt").write_text("Misc_7")
    return tmp_path


def test_the_original_layout_drops_the_suffix_of_the_masks(original: Path) -> None:
    assert [case.name for case in SIRST.cases(original)] == ["Misc_1", "Misc_111", "Misc_2", "Misc_7"]
    published = SIRST.published(original, SIRST.cases(original))
    assert published["official"] == {"training": ["Misc_1"], "validation": ["Misc_7"]} == published["idx_427"]
    assert published["idx_320"]["training"] == ["Misc_2"]


def test_a_mask_of_another_size_is_refused_by_name(original: Path) -> None:
    with pytest.raises(ValueError, match=r"Misc_111.png has 220 x 325 pixels and .*Misc_111_pixels0.png 400 x 592"):
        load_datalist(original, recipe="sirst")


def test_pairs_that_a_list_leaves_out_are_no_matter(original: Path) -> None:
    assert len(load_datalist(original, recipe="sirst", split="idx_427")["training"]) == 1


def test_without_lists_the_official_split_is_not_to_be_had(tmp_path: Path, draw_pairs: Callable[..., None]) -> None:
    draw_pairs(tmp_path, {f"images/Misc_{i}.png": f"masks/Misc_{i}.png" for i in range(4)})
    with pytest.raises(ValueError, match=r"are 1, 2, 3; got 'official'"):
        load_datalist(tmp_path, recipe="sirst", split="official")
