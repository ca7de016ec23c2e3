"""Recipes by name, and what their labels mean."""

from pathlib import Path

import pytest
from pydicom.sr.codedict import codes

from srs_monai.data.recipes import RECIPES, Recipe, recipe, result_labels

SNOMED = {codes.SCT.__getattr__(name).value for name in codes.SCT.dir()}
KIDNEYS = {"18639004", "9846003"}  # SNOMED CT's left and right kidney, which the standard's lists have no need of
CATEGORIES = {codes.cid7150.__getattr__(name).value for name in codes.cid7150.dir()}


@pytest.mark.parametrize("known", RECIPES.values(), ids=RECIPES)
def test_codes_are_those_of_the_dicom_standard(known: Recipe) -> None:
    for label in known.labels:
        assert label.code.value in SNOMED | KIDNEYS
        assert label.category.value in CATEGORIES


@pytest.mark.parametrize("known", RECIPES.values(), ids=RECIPES)
def test_a_recipe_says_all_that_it_should(known: Recipe) -> None:
    texts = (known.title, known.unit, known.merging, known.split, known.citation, known.licence)
    assert all(texts)
    assert not [text for text in texts if "\n" in text or "|" in text]
    assert known.layouts
    assert known.labels
    assert len({label.name for label in known.labels}) == len(known.labels)


@pytest.mark.parametrize("known", RECIPES.values(), ids=RECIPES)
def test_another_folder_is_refused_with_the_layouts_that_are_known(known: Recipe, tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "notes.txt").write_text("no data")
    with pytest.raises(ValueError, match=r"holds notes\.txt, reports/") as refusal:
        known.cases(tmp_path)
    assert all(layout.description in str(refusal.value) for layout in known.layouts)


def test_folders_that_are_none_or_empty_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        recipe("busi").cases(tmp_path)
    with pytest.raises(ValueError, match="there is no folder"):
        recipe("busi").cases(tmp_path / "none")
    (tmp_path / "benign").mkdir()
    with pytest.raises(ValueError, match="has a layout of busi, but no images"):
        recipe("busi").cases(tmp_path)


def test_a_misspelt_name_gets_the_nearest() -> None:
    with pytest.raises(ValueError, match="no recipe is called 'Buzi'; did you mean 'busi'"):
        recipe("Buzi")
    with pytest.raises(ValueError, match=r"choose one of acdc, bus,"):
        recipe("mnist0000")


def test_results_have_the_labels_of_the_recipe() -> None:
    assert result_labels("busi", 1) == recipe("busi").labels == result_labels("busi", 2)
    assert [label.name for label in result_labels("synapse", 9)][:2] == ["aorta", "gallbladder"]
    with pytest.raises(
        ValueError, match=r"busi has the classes breast lesion, but out_channels 9 gives 8; set .* to 1"
    ):
        result_labels("busi", 9)
    with pytest.raises(ValueError, match="set out_channels to 9"):
        result_labels("synapse", 1)


def test_without_a_recipe_results_are_foreground_or_numbers() -> None:
    assert [label.name for label in result_labels(None, 1)] == ["foreground"]
    assert [label.name for label in result_labels(None, 2)] == ["foreground"]
    assert [label.name for label in result_labels(None, 4)] == ["label 1", "label 2", "label 3"]
