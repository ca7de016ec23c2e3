"""Guides that are kept are those that the network would compute, and are forgotten when its weights change."""

from typing import Any

import pytest
import torch
from monai.data import CacheDataset, DataLoader
from monai.transforms import Compose, RandFlipd

from srs_monai.data import EpochSampler
from srs_monai.device import place
from srs_monai.inference import NetworkInferer
from srs_monai.networks import SRSNet
from srs_monai.training import AugmentedBatches, GuidedBatches, guided_batch, trained_parameters

TINY = {"reconstruction_blocks": (1, 1, 1, 1), "segmentation_features": (8,) * 4, "segmentation_blocks": (1, 1, 1, 1)}


def network(**options: Any) -> SRSNet:
    torch.manual_seed(0)
    return place(SRSNet(**{**TINY, **options}), "cpu", channels_last=True)  # type: ignore[return-value]


def loader(count: int = 7, **options: Any) -> Any:
    images = torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    data = CacheDataset([{"image": image, "label": image[:1].round()} for image in images], Compose([]), progress=False)
    return DataLoader(data, batch_size=3, sampler=EpochSampler(data, seed=2), **options)


class Asked:
    """Counts how often the reconstruction network encodes, in images."""

    def __init__(self, net: SRSNet) -> None:
        self.images = 0
        assert net.reconstruction is not None
        net.reconstruction.encoder.register_forward_hook(self)

    def __call__(self, module: Any, inputs: Any, output: Any) -> None:
        self.images += len(inputs[0])


def epochs(
    net: SRSNet, precision: str, *, wanted: bool, count: int = 8, orders: tuple[int, ...] = (1, 2, 3)
) -> list[torch.Tensor]:
    """An epoch of training in each of these orders; logits and, at last, the weights."""
    data, inferer, kept = loader(count), NetworkInferer(precision), []
    batches = GuidedBatches(AugmentedBatches(data, Compose([]), "cpu"), data, net, precision=precision, wanted=wanted)
    optimizer = torch.optim.SGD(trained_parameters(net), lr=0.01)
    for order in orders:
        data.sampler.set_epoch(order)
        for batch in batches:
            image, label, *more = guided_batch(batch, "cpu")
            logits = inferer(image, net, *(more[0] if more else ()), **(more[1] if more else {}))
            optimizer.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(logits, label).backward()
            optimizer.step()
            kept.append(logits.detach())
    return [*kept, *net.state_dict().values()]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("count", [7, 8])  # 7: the last batch is one image
def test_in_the_same_batches_training_with_kept_guides_is_the_same_to_the_last_bit(precision: str, count: int) -> None:
    expected = epochs(network(), precision, wanted=False, count=count, orders=(1, 1, 1))
    got = epochs(network(), precision, wanted=True, count=count, orders=(1, 1, 1))
    torch.testing.assert_close(got, expected, rtol=0, atol=0)


@pytest.mark.parametrize("count", [7, 8])
def test_in_other_batches_training_with_kept_guides_differs_by_rounding(count: int) -> None:
    expected = epochs(network(), "float32", wanted=False, count=count)
    got = epochs(network(), "float32", wanted=True, count=count)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


def test_each_image_is_encoded_once() -> None:
    net = network()
    asked = Asked(net)
    epochs(net, "float32", wanted=True)
    assert asked.images == 8
    epochs(net, "float32", wanted=False)
    assert asked.images == 8 + 3 * 8


def test_new_weights_make_new_guides() -> None:
    net, data = network().eval(), loader(6)
    batches = GuidedBatches(data, data, net)
    before = [batch["guide"] for batch in batches]
    net.load_state_dict({name: value * 2 for name, value in net.state_dict().items()})
    for batch, old in zip(batches, before, strict=True):
        assert not torch.equal(batch["guide"], old)
        assert torch.equal(batch["guide"], net.guide(batch["image"].contiguous(memory_format=torch.channels_last)))


def test_what_does_not_fit_into_the_limit_is_computed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    one_batch = 3 * 64 * 4 * 4 * 4  # images, channels, height, width, bytes
    monkeypatch.setattr("srs_monai.training.batches.guided_batches.LIMIT", one_batch)
    net, data = network().eval(), loader(6)
    asked, batches = Asked(net), GuidedBatches(data, data, net)
    for _ in range(2):
        assert [batch["guide"].shape for batch in batches] == [(3, 64, 4, 4)] * 2
    assert asked.images == 6 + 3


def unguided() -> list[Any]:
    flip, shuffled, frozen = Compose([RandFlipd("image")]), DataLoader(loader().dataset, shuffle=True), network()
    randomly = DataLoader(CacheDataset(loader().dataset.data, flip, progress=False), batch_size=3)
    return [
        pytest.param(network(freeze_reconstruction=False), loader(), None, id="trained together"),
        pytest.param(network(drifting_statistics=True), loader(), None, id="drifting"),
        pytest.param(network(kernel=None), loader(), None, id="no reconstruction"),
        pytest.param(torch.nn.Conv2d(3, 1, 1), loader(), None, id="another network"),
        pytest.param(frozen, loader(), flip, id="augmented"),
        pytest.param(frozen, randomly, None, id="augmented in the data set"),
        pytest.param(frozen, shuffled, None, id="in an unknown order"),
    ]


@pytest.mark.parametrize(("net", "data", "transform"), unguided())
def test_guides_that_change_are_not_kept(net: Any, data: Any, transform: Any) -> None:
    batches = GuidedBatches(data, data, net, transform)
    assert not any("guide" in batch for batch in batches)
    assert len(batches) == len(data)
    assert len(guided_batch(next(iter(batches)))) == 2
