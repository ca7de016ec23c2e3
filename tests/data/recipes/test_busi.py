"""BUSI in its two layouts."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from monai.transforms import LoadImage

from srs_monai.data import load_datalist
from srs_monai.data.readers import MaskReader
from srs_monai.data.recipes import recipe

BUSI = recipe("busi")


def masks_by_name(folder: Path) -> dict[str, list[str]]:
    return {case.name: [Path(mask).name for mask in case.masks] for case in BUSI.cases(folder)}


def test_the_original_layout_gives_each_image_all_its_masks(datasets: Path) -> None:
    found = masks_by_name(datasets / "busi_original_sample")
    assert len(found) == 12
    assert sum(map(len, found.values())) == 17
    assert found["benign (195)"] == ["benign (195)_mask.png", "benign (195)_mask_1.png", "benign (195)_mask_2.png"]
    assert found["malignant (53)"] == ["malignant (53)_mask.png", "malignant (53)_mask_1.png"]
    assert found["benign (1)"] == ["benign (1)_mask.png"]


@pytest.mark.parametrize("name", ["benign (4)", "benign (54)"])
def test_an_rgba_mask_joins_a_1_bit_one(datasets: Path, name: str) -> None:
    masks = next(case.masks for case in BUSI.cases(datasets / "busi_original_sample") if case.name == name)
    load = LoadImage(reader=MaskReader(), image_only=True, ensure_channel_first=True)
    union, first, second = load(list(masks)), load(masks[0]), load(masks[1])
    assert second.max() == 255, "the RGBA one"
    assert union.sum() == ((first[:1] > 0) | (second[:1] > 127)).sum()
    assert union.sum() > (first > 0).sum()


def test_the_two_layouts_tell_of_the_same_lesions(datasets: Path) -> None:
    """The other layout was made from the first: masks by union, then made smaller."""
    load = LoadImage(reader=MaskReader(), image_only=True, ensure_channel_first=True)
    merged = {case.name: case for case in BUSI.cases(datasets / "busi")}
    for case in BUSI.cases(datasets / "busi_original_sample"):
        union, single = load(list(case.masks)), load(merged[case.name].masks[0])
        share, published = ((mask > 0).float().mean().item() for mask in (union[:1], single))
        assert share == pytest.approx(published, abs=2e-3), case.name


def test_the_folder_of_an_archive_may_hold_the_data_in_one_folder(datasets: Path, tmp_path: Path) -> None:
    shutil.copytree(datasets / "busi_original_sample", tmp_path / "Dataset_BUSI_with_GT")
    assert masks_by_name(tmp_path) == masks_by_name(datasets / "busi_original_sample")


def test_the_plain_layout_has_the_published_lists(datasets: Path) -> None:
    cases = BUSI.cases(datasets / "busi")
    assert len(cases) == 647
    published = BUSI.published(datasets / "busi", cases)
    assert list(published) == ["published_1", "published_2", "published_3"]
    for sections in published.values():
        assert {section: len(names) for section, names in sections.items()} == {"training": 452, "validation": 195}
        assert set(sections["training"]) | set(sections["validation"]) == {case.name for case in cases}


def test_normal_images_come_when_asked_for(tmp_path: Path, draw_pairs: Callable[..., None]) -> None:
    pairs = {
        f"{kind}/{kind} ({i}).png": f"{kind}/{kind} ({i})_mask.png" for kind in ("benign", "normal") for i in (1, 2)
    }
    draw_pairs(tmp_path, pairs)
    assert [case.name for case in BUSI.cases(tmp_path) if case.normal] == ["normal (1)", "normal (2)"]
    without, withal = (load_datalist(tmp_path, recipe="busi", include_normal=wanted) for wanted in (False, True))
    listed = [{Path(item["image"]).stem for items in found.values() for item in items} for found in (without, withal)]
    assert listed == [{"benign (1)", "benign (2)"}, {"benign (1)", "benign (2)", "normal (1)", "normal (2)"}]


def test_an_image_without_its_mask_is_refused_by_name(tmp_path: Path, draw_pairs: Callable[..., None]) -> None:
    draw_pairs(tmp_path, {f"benign/benign ({i}).png": f"benign/benign ({i})_mask.png" for i in range(3)})
    (tmp_path / "benign" / "benign (1)_mask.png").unlink()
    assert masks_by_name(tmp_path)["benign (1)"] == []
    with pytest.raises(ValueError, match=r"every image needs its mask.*benign \(1\); add the files"):
        load_datalist(tmp_path, recipe="busi")


def test_a_mask_without_its_image_is_a_case_without_image(tmp_path: Path, draw_pairs: Callable[..., None]) -> None:
    draw_pairs(tmp_path, {f"benign/benign ({i}).png": f"benign/benign ({i})_mask.png" for i in range(3)})
    (tmp_path / "benign" / "benign (2).png").unlink()
    assert [(case.name, case.image) for case in BUSI.cases(tmp_path)][2] == ("benign (2)", "")
    with pytest.raises(ValueError, match=r"every name needs its image.*benign \(2\)"):
        load_datalist(tmp_path, recipe="busi")
