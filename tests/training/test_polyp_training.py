"""The polyp recipe's loss, gradients and batches, by hand."""

import math

import pytest
import torch
from monai.data import DataLoader
from monai.engines import SupervisedTrainer
from torch import nn

from srs_monai.training import ClampGradients, PolypLoss, ScaledBatches


def test_a_uniform_mask_has_weights_of_one_inside() -> None:
    mask = torch.zeros(1, 1, 4, 4)  # the window reaches over the padding of zeros: around - mask = 0
    logits = torch.full((1, 1, 4, 4), math.log(3.0))  # probability 3 / 4
    both = 16 * 0.75
    expected = -math.log(0.25) + 1 - 1 / (both + 1)
    torch.testing.assert_close(PolypLoss()(logits, mask), torch.tensor(expected))


def test_pixels_at_a_border_weigh_more_in_the_iou_and_not_in_the_cross_entropy() -> None:
    mask = torch.zeros(1, 1, 3, 3)
    mask[..., 1, 1] = 1
    around = 1 / 31**2  # one pixel of 1 in the window, whose padding counts
    rim, centre = 1 + 5 * around, 1 + 5 * (1 - around)
    shared, both = 0.5 * centre, 0.5 * (8 * rim + centre) + centre
    expected = math.log(2) + 1 - (shared + 1) / (both - shared + 1)
    torch.testing.assert_close(PolypLoss()(torch.zeros(1, 1, 3, 3), mask), torch.tensor(expected))


def test_outputs_of_all_sizes_add_up() -> None:
    mask = (torch.rand(2, 1, 8, 8) > 0.5).float()
    full, half = torch.randn(2, 1, 8, 8), torch.randn(2, 1, 4, 4)
    enlarged = nn.functional.interpolate(half, size=(8, 8), mode="bilinear")
    loss = PolypLoss()
    torch.testing.assert_close(loss([full, half], mask), loss(full, mask) + loss(enlarged, mask))
    with pytest.raises(ValueError, match="one channel, got 2"):
        loss(torch.zeros(1, 2, 8, 8), mask)


def test_every_batch_comes_at_every_scale() -> None:
    items = [{"image": torch.rand(3, 96, 64), "label": torch.ones(1, 96, 64)} for _ in range(4)]
    batches = ScaledBatches(DataLoader(items, batch_size=2), scales=[0.75, 1.0, 1.25], step=32)
    assert len(batches) == 6
    sizes = [tuple(batch["image"].shape[2:]) for batch in batches]
    assert sizes == [(64, 64), (96, 64), (128, 64)] * 2  # 72, 120 and 48, 80 to the nearest multiples of 32
    assert all(batch["label"].shape[2:] == batch["image"].shape[2:] and batch["label"].min() == 1 for batch in batches)


@pytest.mark.parametrize("options", [{"scales": []}, {"scales": [0.0]}, {"step": 0}])
def test_scales_that_are_none_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got scales"):
        ScaledBatches(DataLoader([0]), **options)


def test_the_step_is_that_of_the_clamped_gradient() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=[{"image": torch.full((1, 1), 10.0), "label": torch.full((1, 1), 100.0)}],
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=1.0),
        loss_function=nn.MSELoss(),
        train_handlers=[ClampGradients(network, bound=0.5)],
    )
    trainer.run()
    assert network.weight.item() == 0.5


def test_a_bound_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"bound .* got 0"):
        ClampGradients(nn.Linear(1, 1), bound=0)
