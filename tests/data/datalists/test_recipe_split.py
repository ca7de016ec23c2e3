"""Splits are written as lists, and what belongs together stays together."""

import logging
from pathlib import Path

import pytest
from PIL import Image

from srs_monai.data.datalists.recipe_split import split_dataset
from srs_monai.data.split_lists import read_names
from srs_monai.data.splits.near_duplicates import near_duplicates


def names(folder: Path, title: str) -> set[str]:
    return set(read_names(folder / f"{title}.txt"))


@pytest.mark.parametrize("split", [1, 2, 3])
def test_copies_in_busi_are_never_divided(datasets: Path, tmp_path: Path, split: int) -> None:
    sections = split_dataset("busi", datasets / "busi", tmp_path, split=split)
    training, validation = names(tmp_path, "train"), names(tmp_path, "val")
    assert len(training | validation) == 647
    assert not training & validation
    assert (set(sections["training"]), set(sections["validation"])) == (training, validation)
    assert len(validation) == pytest.approx(0.3 * 647, abs=2)
    for first, second, _ in near_duplicates(sorted((datasets / "busi" / "images").iterdir()), progress=False):
        assert (Path(first).stem in training) == (Path(second).stem in training)


def test_a_published_split_is_taken_as_it_is_and_what_it_divides_is_said(
    datasets: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        split_dataset("busi", datasets / "busi", tmp_path, split="published_2")
    assert names(tmp_path, "train") == names(datasets / "busi" / "splits", "train_2")
    assert "the published split published_2 has near-duplicates in two sections, pairs: 39:" in caplog.text


@pytest.fixture
def glas(tmp_path: Path) -> Path:
    """Images in GlaS's form, of which testA_1 is a copy of train_1 and train_2 one of train_3."""
    for name in ("images", "masks"):
        (tmp_path / "data" / name).mkdir(parents=True)
    seeds = {"train_1": 1, "train_2": 2, "train_3": 2, "train_4": 4, "train_5": 5, "testA_1": 1, "testB_1": 6}
    for name, seed in seeds.items():
        picture = Image.new("L", (6, 6))
        picture.putdata([(seed * 97 + pixel * pixel * (seed + 3)) % 251 for pixel in range(36)])
        picture.resize((60, 60)).save(tmp_path / "data" / "images" / f"{name}.png")
        Image.new("L", (60, 60), 1).save(tmp_path / "data" / "masks" / f"{name}_anno.png")
    return tmp_path


def test_what_is_held_out_stays_held_out_and_copies_of_it_are_left_out(
    glas: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        split_dataset("glas", glas / "data", glas / "a", split="1")
    assert names(glas / "a", "test") == {"testA_1", "testB_1"}
    assert "a patient or a near-duplicate with test images: 1 (train_1)" in caplog.text
    training, validation = names(glas / "a", "train"), names(glas / "a", "val")
    assert training | validation == {f"train_{number}" for number in range(2, 6)}
    assert ("train_2" in training) == ("train_3" in training)


def test_seed_and_fraction_choose_the_split(glas: Path) -> None:
    def drawn(folder: str, **options: float) -> set[str]:
        split_dataset("glas", glas / "data", glas / folder, **options)
        return names(glas / folder, "val")

    assert drawn("a", split=2) == drawn("b", split=1, seed=2)
    assert len(drawn("c", val_fraction=0.7)) == 3
    assert len({frozenset(drawn(f"seed {seed}", seed=seed)) for seed in range(8)}) > 1


def test_another_split_is_only_replaced_on_request(glas: Path) -> None:
    split_dataset("glas", glas / "data", glas / "out", val_fraction=0.4)
    before = names(glas / "out", "val")
    with pytest.raises(ValueError, match="holds another split"):
        split_dataset("glas", glas / "data", glas / "out", val_fraction=0.7)
    assert names(glas / "out", "val") == before
    split_dataset("glas", glas / "data", glas / "out", val_fraction=0.7, replace=True)
    assert len(names(glas / "out", "val")) == 3


def test_a_split_that_is_not_known_names_those_that_are(glas: Path) -> None:
    with pytest.raises(ValueError, match="are 1, 2, 3, official; got '9'"):
        split_dataset("glas", glas / "data", glas / "out", split=9)
    with pytest.raises(ValueError, match=r"between 0 and 1; got 1\.5"):
        split_dataset("glas", glas / "data", glas / "out", val_fraction=1.5)
    assert not (glas / "out").exists()
