"""Data lists by recipes: what stays together, what is taken as it is, what wins."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from srs_monai.data import load_datalist, reconstruction_items
from srs_monai.data.datalists.recipe_datalist import with_label_values
from srs_monai.data.datalists.recipe_split import split_cases
from srs_monai.data.recipes import Case, recipe
from srs_monai.data.splits.near_duplicates import groups_of_pairs, near_duplicates
from srs_monai.evaluation import evaluation_items


def names_of(sections: dict[str, list[dict[str, object]]]) -> dict[str, set[str]]:
    return {section: {Path(str(item["image"])).stem for item in items} for section, items in sections.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty images of BUSI's plain layout, no two alike but the first three, which are one in other brightness."""
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    noise = np.random.default_rng(3).integers(0, 200, (20, 24, 20), dtype=np.uint8)
    noise[1], noise[2] = noise[0] // 2, noise[0] + 50
    for i, values in enumerate(noise):
        Image.fromarray(values).save(tmp_path / "images" / f"benign ({i}).png")
        Image.fromarray(np.uint8(255) * (values > 100)).save(tmp_path / "masks" / f"benign ({i}).png")
    return tmp_path


@pytest.fixture
def published(folder: Path) -> Path:
    """The same with a published split that divides the copies."""
    (folder / "splits").mkdir()
    (folder / "splits" / "train_1.txt").write_text("\n".join(f"benign ({i})" for i in range(1, 12)))
    (folder / "splits" / "val_1.txt").write_text("benign (0)\nbenign (15)")
    return folder


@pytest.mark.parametrize("split", [1, "2", "3", None])
def test_copies_stay_on_one_side(folder: Path, split: str | int | None) -> None:
    found = names_of(load_datalist(folder, recipe="busi", split=split))
    assert [len(names) for names in found.values()] == [14, 6, 0]
    copies = {f"benign ({i})" for i in range(3)}
    assert copies <= found["training"] or copies <= found["validation"]


def test_splits_are_repeatable_and_differ(folder: Path) -> None:
    first, again, second = (names_of(load_datalist(folder, recipe="busi", split=split)) for split in (1, 1, 2))
    assert first == again == names_of(load_datalist(folder, recipe="busi", seed=99)), "the training seed is no matter"
    assert first["validation"] != second["validation"]


@pytest.mark.parametrize("split", ["1", "2", "3"])
def test_no_near_duplicates_of_busi_are_divided(datasets: Path, split: str) -> None:
    cases = recipe("busi").cases(datasets / "busi")
    sections = split_cases(recipe("busi"), datasets / "busi", cases, split)
    assert len(sections["validation"]) == pytest.approx(0.3 * 647, abs=1)
    image = {case.name: case.image for case in cases}
    place = {image[name]: section for section, names in sections.items() for name in names}
    groups = groups_of_pairs(list(place), [pair[:2] for pair in near_duplicates(list(place), progress=False)])
    assert len(groups) > 50
    assert all(len({place[path] for path in group}) == 1 for group in groups)


def test_what_a_published_split_divides_is_counted(datasets: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "srs_monai")
    cases = recipe("busi").cases(datasets / "busi")
    sections = split_cases(recipe("busi"), datasets / "busi", cases, "published_1")
    image = {case.name: case.image for case in cases}
    place = {image[name]: section for section, names in sections.items() for name in names}
    pairs = [pair for pair in near_duplicates(list(place), progress=False) if place[pair[0]] != place[pair[1]]]
    assert (
        f"busi: the published split published_1 has near-duplicates in two sections, pairs: {len(pairs)}:"
        in caplog.text
    )
    assert len(pairs) > 20


def test_a_published_split_is_taken_as_it_is(published: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "srs_monai")
    found = names_of(load_datalist(published, recipe="busi", split="published_1"))
    assert found["validation"] == {"benign (0)", "benign (15)"}
    assert len(found["training"]) == 11
    assert "pairs: 2: benign (" in caplog.text


def test_divided_patients_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, draw_numbered: Callable[..., None]
) -> None:
    draw_numbered(tmp_path, [1, 2, 30, 31])
    (tmp_path / "train.txt").write_text("1\n30")
    (tmp_path / "val.txt").write_text("2\n31")
    caplog.set_level(logging.WARNING, "srs_monai")
    load_datalist(tmp_path, recipe="cvc_clinicdb", split="lists")
    assert "has patients in two sections: sequence 1, sequence 2" in caplog.text


@pytest.fixture
def draw_numbered() -> Callable[..., None]:
    def draw(folder: Path, numbers: list[int]) -> None:
        for i in numbers:
            noise = np.random.default_rng(i).integers(0, 256, (24, 20), dtype=np.uint8)
            for kind, values in (("images", noise), ("masks", np.uint8(255) * (noise > 100))):
                (folder / kind).mkdir(exist_ok=True)
                Image.fromarray(values).save(folder / kind / f"{i}.png")

    return draw


def test_lists_of_ones_own_win(published: Path) -> None:
    (published / "mine.txt").write_text("benign (4)")
    (published / "others.txt").write_text("benign (5)\nbenign (6)")
    found = load_datalist(published, recipe="busi", split="published_1", train_list="mine.txt", val_list="others.txt")
    assert names_of(found) == {"training": {"benign (4)"}, "validation": {"benign (5)", "benign (6)"}, "test": set()}
    with pytest.raises(ValueError, match=r"there is no list .*mine2.txt"):
        load_datalist(published, recipe="busi", train_list="mine2.txt", val_list="others.txt")


def test_unknown_splits_and_names_are_refused(published: Path) -> None:
    with pytest.raises(ValueError, match="are 1, 2, 3, published_1; got '4'"):
        load_datalist(published, recipe="busi", split=4)
    (published / "splits" / "val_1.txt").write_text("benign (77)")
    with pytest.raises(ValueError, match=r"the split published_1 of busi names benign \(77\), but "):
        load_datalist(published, recipe="busi", split="published_1")
    with pytest.raises(ValueError, match="no recipe is called 'bsi'; did you mean 'busi'"):
        load_datalist(published, recipe="bsi")


def test_a_published_list_that_leaks_is_refused(published: Path) -> None:
    (published / "splits" / "val_1.txt").write_text("benign (1)\nbenign (15)")
    with pytest.raises(ValueError, match=r"training and validation share benign \(1\);"):
        load_datalist(published, recipe="busi", split="published_1")


def test_without_masks_images_alone_are_listed(folder: Path) -> None:
    items = load_datalist(folder, recipe="busi", masks_dir=None)
    assert all(set(item) == {"image"} for section in items.values() for item in section)


def test_several_masks_are_a_list_and_label_values_go_with_labels(tmp_path: Path, datasets: Path) -> None:
    found = load_datalist(datasets / "busi_original_sample", recipe="busi")
    several = [item["label"] for items in found.values() for item in items if isinstance(item["label"], list)]
    assert sorted(map(len, several)) == [2, 2, 2, 3]
    items = with_label_values([{"image": "a", "label": "b", "slice": 0}, {"image": "c"}], "glas")
    assert items == [{"image": "a", "label": "b", "slice": 0, "label_values": "instances"}, {"image": "c"}]
    lists = {"training": items, "validation": items[:1], "test": []}
    assert evaluation_items(lists) == [{"image": "a", "label": "b", "label_values": "instances"}]
    assert reconstruction_items(lists)["validation"] == [{"image": "a", "slice": 0}]


def test_a_json_list_has_the_label_values_of_the_recipe(folder: Path) -> None:
    (folder / "list.json").write_text(
        '{"training": [{"image": "images/benign (4).png", "label": "masks/benign (4).png"}],'
        ' "validation": [{"image": "images/benign (5).png", "label": "masks/benign (5).png"}]}'
    )
    found = load_datalist(folder, recipe="glas", datalist="list.json")
    assert found["training"][0]["label_values"] == "instances"
    assert "label_values" not in load_datalist(folder, recipe="busi", datalist="list.json")["training"][0]


def test_a_mask_of_several_of_another_size_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "benign").mkdir()
    for i in range(3):
        for name, size in (
            (f"benign ({i})", (20, 24)),
            (f"benign ({i})_mask", (20, 24)),
            (f"benign ({i})_mask_1", (20, 24 + i // 2)),
        ):
            Image.new("L", size).save(tmp_path / "benign" / f"{name}.png")
    with pytest.raises(ValueError, match=r"benign \(2\).png has 24 x 20 pixels and .*benign \(2\)_mask_1.png 25 x 20"):
        load_datalist(tmp_path, recipe="busi")


def test_what_belongs_to_held_out_images_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    random = np.random.default_rng(0)

    def case(number: int, section: str | None, patient: str | None = None, copy_of: int | None = None) -> Case:
        path = tmp_path / f"{number}.png"
        if copy_of is None:
            Image.fromarray(random.integers(0, 255, (32, 32), dtype=np.uint8)).save(path)
        else:
            path.write_bytes((tmp_path / f"{copy_of}.png").read_bytes())
        return Case(f"case {number}", str(path), (str(path),), patient=patient, section=section)

    cases = [case(0, "test", "p0"), *(case(i, None, f"p{i}") for i in range(1, 10)), case(10, None, "p0")]
    cases.append(case(11, None, "p11", copy_of=0))
    caplog.set_level(logging.WARNING, "srs_monai")
    sections = split_cases(recipe("glas"), tmp_path, cases, "1")
    assert sections["test"] == ["case 0"]
    assert set(sections["training"]) | set(sections["validation"]) == {f"case {i}" for i in range(1, 10)}
    assert "a patient or a near-duplicate with test images: 2 (" in caplog.text


def test_what_lists_of_ones_own_divide_is_reported(published: Path, caplog: pytest.LogCaptureFixture) -> None:
    (published / "mine.txt").write_text("benign (0)\nbenign (4)")
    (published / "others.txt").write_text("benign (2)\nbenign (6)")
    load_datalist(published, recipe="busi", train_list="mine.txt", val_list="others.txt")
    assert "pairs: 1: benign (0) (training) and benign (2) (validation)" in caplog.text
