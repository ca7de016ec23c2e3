"""The score that chooses weights: values by hand, absent classes, and what makes no score."""

import math

import pytest
import torch

from srs_monai.training import ValidationScore, validation_score


def masks(*rows: str) -> torch.Tensor:
    """One image of one class a text: 1 is foreground."""
    return torch.tensor([[[[float(pixel) for pixel in row]]] for row in rows])


PREDICTED = masks("1100", "0000", "0001", "0000")
TRUE = masks("1010", "0000", "0000", "1111")


@pytest.mark.parametrize(
    ("name", "value"),
    [("pooled_iou", 1 / 8), ("pooled_dice", 2 / 9), ("mean_image_iou", (1 / 3 + 1 + 0 + 0) / 4)],
)
def test_values_of_one_class_by_hand(name: str, value: float) -> None:
    score = ValidationScore(name)
    score(PREDICTED[:3], TRUE[:3])
    score(list(PREDICTED[3:]), list(TRUE[3:]))
    assert score.aggregate().item() == pytest.approx(value)
    score.reset()
    score(TRUE, TRUE)
    assert score.aggregate().item() == 1


def one_hot(*rows: str, classes: int) -> torch.Tensor:
    labels = torch.tensor([[[[int(pixel) for pixel in row]]] for row in rows])
    return torch.zeros(len(rows), classes, 1, len(rows[0])).scatter_(1, labels, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # class 1 has 1 of 3 pixels, class 2 both of 2; class 3 is predicted and never true; class 4 is nowhere
        ("pooled_iou", (1 / 3 + 1 + 0) / 3),
        ("pooled_dice", (2 / 4 + 1 + 0) / 3),
        # the second image shows nothing and nothing is predicted: it is left out
        ("mean_image_iou", ((1 / 2 + 1) / 2 + (0 + 0) / 2) / 2),
    ],
)
def test_values_of_several_classes_by_hand(name: str, value: float) -> None:
    score = ValidationScore(name, include_background=False)
    score(one_hot("1122", "0000", "3000", classes=5), one_hot("1022", "0000", "0100", classes=5))
    assert score.aggregate().item() == pytest.approx(value)


@pytest.mark.parametrize("name", ["pooled_iou", "pooled_dice", "mean_image_iou"])
def test_background_alone_earns_nothing(name: str) -> None:
    score = ValidationScore(name, include_background=False)
    score(one_hot("0000", "0000", classes=4), one_hot("0000", "0120", classes=4))
    assert score.aggregate().item() == 0


def test_pooled_scores_do_not_reward_empty_images() -> None:
    score = ValidationScore()
    score(masks("0000", "0000", "0000"), masks("0000", "0000", "0001"))
    assert score.aggregate().item() == 0


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float16, torch.bfloat16, torch.float64])
def test_masks_of_any_type(dtype: torch.dtype) -> None:
    score = ValidationScore()
    score(torch.ones(1, 1, 30, 30).to(dtype), torch.ones(1, 1, 30, 30))
    score(torch.zeros(1, 1, 1, 1).to(dtype), torch.ones(1, 1, 1, 1))
    assert score.aggregate().item() == pytest.approx(900 / 901)


def test_no_pixel_is_lost_in_large_numbers() -> None:
    true = torch.ones(1, 1, 1, 2**24 + 1, dtype=torch.uint8)
    predicted = true.clone()
    predicted[..., 0] = 0
    score = ValidationScore()
    score(predicted, true)
    assert score.aggregate().item() == 2**24 / (2**24 + 1) < 1


@pytest.mark.parametrize("name", ["pooled_iou", "pooled_dice", "mean_image_iou"])
@pytest.mark.parametrize("classes", [2, 3])
def test_what_is_no_number_has_no_score(name: str, classes: int) -> None:
    predicted, true = one_hot("0011", "0001", classes=classes), one_hot("0011", "0001", classes=classes)
    predicted[0, 1, 0, 0] = math.nan
    score = ValidationScore(name, include_background=False)
    score(predicted, true)
    assert math.isnan(score.aggregate().item())


def test_what_makes_no_score_is_refused() -> None:
    with pytest.raises(ValueError, match=r"selection_metric .* pooled_iou, pooled_dice, mean_image_iou; got 'iou'"):
        validation_score("iou", include_background=True)
    with pytest.raises(ValueError, match=r"one shape, got \(1, 2, 4, 4\) and \(1, 1, 4, 4\)"):
        ValidationScore()(torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 4, 4))
    with pytest.raises(ValueError, match="include_background"):
        ValidationScore(include_background=False)(masks("01"), masks("01"))
    with pytest.raises(ValueError, match="got none"):
        ValidationScore().aggregate()


@pytest.mark.parametrize("name", ["pooled_iou", "mean_image_iou"])
def test_a_validation_set_that_shows_nothing_is_refused(name: str) -> None:
    score = ValidationScore(name)
    score(masks("0100", "0000"), masks("0000", "0000"))
    with pytest.raises(ValueError, match="masks of all 2 are empty"):
        score.aggregate()
