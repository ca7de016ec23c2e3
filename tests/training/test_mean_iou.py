"""The validation score is MONAI's, and that of masks compared by hand."""

import monai.metrics
import pytest
import torch

from srs_monai.training import MeanIoU


def test_values_by_hand() -> None:
    predicted = torch.tensor([[[[1.0, 1], [0, 0]]], [[[0.0, 0], [0, 0]]], [[[0.0, 0], [0, 1]]]])
    true = torch.tensor([[[[1.0, 0], [1, 0]]], [[[0.0, 0], [0, 0]]], [[[0.0, 0], [0, 0]]]])
    metric = MeanIoU()
    assert metric(predicted, true).tolist() == [[pytest.approx(1 / 3)], [1.0], [0.0]]
    assert metric.aggregate().item() == pytest.approx((1 / 3 + 1 + 0) / 3)


@pytest.mark.parametrize("include_background", [True, False])
@pytest.mark.parametrize("dims", [2, 3])
def test_equals_monais(include_background: bool, dims: int) -> None:
    generator = torch.Generator().manual_seed(0)
    labels = [torch.randint(classes, (2, 1, *[6] * dims), generator=generator) for classes in (1, 2, 3, 4)]
    masks = [torch.zeros(2, 4, *[6] * dims).scatter_(1, label, 1) for label in labels]
    ours, theirs = MeanIoU(include_background), monai.metrics.MeanIoU(include_background, ignore_empty=False)
    for predicted, true in zip(masks, masks[1:] + masks[:1], strict=True):
        assert torch.equal(ours(predicted, true), theirs(predicted, true))
        ours(list(predicted), list(true))
        theirs(list(predicted), list(true))
    assert torch.equal(ours.aggregate(), theirs.aggregate())
    ours.reset()
    theirs.reset()
    assert torch.equal(ours(masks[0], masks[0]), theirs(masks[0], masks[0]))
    assert torch.equal(ours.aggregate(), theirs.aggregate())


def test_masks_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one shape, got \(1, 2, 4, 4\) and \(1, 1, 4, 4\)"):
        MeanIoU()(torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 4, 4))
