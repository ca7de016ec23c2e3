"""Dictionary forms treat each key alone and take the arguments of their array forms."""

from inspect import signature

import pytest
import torch

from srs_monai.data import transforms
from srs_monai.data.transforms.dictionary_form import DictionaryForm

FORMS = [name for name, kind in vars(transforms).items() if isinstance(kind, type) and issubclass(kind, DictionaryForm)]


def test_other_keys_and_the_given_item_stay() -> None:
    item = {"image": torch.ones(1, 2, 2), "other": torch.ones(1, 2, 2), "name": "a"}
    doubled = DictionaryForm(["image"], lambda image: 2 * image)(item)
    assert torch.equal(doubled["image"], 2 * item["image"])
    assert doubled["other"] is item["other"]
    assert doubled["name"] == "a"
    assert torch.equal(item["image"], torch.ones(1, 2, 2))


def test_missing_keys() -> None:
    assert DictionaryForm(["image", "label"], lambda x: x + 1, allow_missing_keys=True)({"label": 1}) == {"label": 2}
    with pytest.raises(KeyError, match="image"):
        DictionaryForm(["image", "label"], lambda x: x + 1)({"label": 1})


@pytest.mark.parametrize("name", sorted(set(FORMS) - {"ReleaseNormalized"}))  # which has no array form
def test_the_arguments_are_those_of_the_array_form(name: str) -> None:
    array = signature(getattr(transforms, name.removesuffix("d")))
    dictionary = dict(signature(getattr(transforms, name)).parameters)
    assert next(iter(dictionary)) == "keys"
    assert dictionary.pop("allow_missing_keys").default is False
    assert list(dictionary.values())[1:] == list(array.parameters.values())


def test_all_of_them_are_found() -> None:
    assert len(FORMS) == 8
