"""Images and masks of different size are refused by name."""

import pytest
import torch
from monai.data import MetaTensor

from srs_monai.data.transforms import CheckSameSized


def test_equal_sizes_pass_untouched() -> None:
    item = {"image": torch.rand(3, 4, 5), "label": torch.rand(1, 4, 5), "case": "a"}
    assert CheckSameSized(["image", "label"])(item) == item


def test_both_files_and_sizes_are_named() -> None:
    image = MetaTensor(torch.rand(3, 4, 5), meta={"filename_or_obj": "a.png"})
    label = MetaTensor(torch.rand(1, 5, 4), meta={"filename_or_obj": "a_mask.png"})
    with pytest.raises(ValueError, match=r"a.png has 4 x 5 pixels and a_mask.png 5 x 4;"):
        CheckSameSized(["image", "label"])({"image": image, "label": label})


def test_an_item_without_label_passes_where_that_is_allowed() -> None:
    item = {"image": torch.rand(3, 4, 5)}
    assert CheckSameSized(["image", "label"], allow_missing_keys=True)(item) == item
