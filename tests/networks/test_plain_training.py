"""SRSNet trained as people write it down themselves: as in MONAI's tutorials, and in a loop of PyTorch's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events
from monai.data import CacheDataset, DataLoader, MetaTensor, decollate_batch
from monai.engines import SupervisedEvaluator, SupervisedTrainer
from monai.handlers import MeanDice, ValidationHandler, from_engine
from monai.inferers import SimpleInferer, SlidingWindowInferer
from monai.losses import DiceLoss
from monai.transforms import (
    Activationsd,
    AsDiscreted,
    Compose,
    EnsureChannelFirstd,
    Invertd,
    LoadImaged,
    RandFlipd,
    ScaleIntensityd,
    SpatialPadd,
)
from network_cases import SRSNET
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader as PlainDataLoader
from torch.utils.data import TensorDataset

from srs_monai.networks import SRSNet

KEYS = ["image", "label"]
SIDE = 32


def phantom(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A bright disc in noise, and its mask, in bytes."""
    drawn = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    disc = np.hypot(rows - drawn.integers(10, 22), columns - drawn.integers(10, 22)) < drawn.integers(5, 9)
    image = 90 * disc + drawn.normal(80, 15, disc.shape)
    return image.clip(0, 255).astype(np.uint8), (255 * disc).astype(np.uint8)


@pytest.fixture
def files(tmp_path: Path) -> list[dict[str, str]]:
    """The datalist of a tutorial."""
    items = []
    for number in range(6):
        item = {}
        for key, pixels in zip(KEYS, phantom(number), strict=True):
            item[key] = str(tmp_path / f"{key}_{number}.png")
            Image.fromarray(pixels).save(item[key])
        items.append(item)
    return items


def network() -> SRSNet:
    torch.manual_seed(0)
    return SRSNet(in_channels=1, out_channels=1, **SRSNET)


def test_monais_trainer_and_evaluator(files: list[dict[str, str]]) -> None:
    load = Compose([LoadImaged(KEYS), EnsureChannelFirstd(KEYS), ScaleIntensityd(KEYS)])
    augment = Compose([load, RandFlipd(KEYS, prob=0.5, spatial_axis=0)]).set_random_state(0)
    training = DataLoader(CacheDataset(files[:4], augment, progress=False), batch_size=2, shuffle=True)
    padded = Compose([load, SpatialPadd(KEYS, (40, 48))])
    validation = DataLoader(CacheDataset(files[4:], padded, progress=False), batch_size=1)
    net = network()
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=validation,
        network=net,
        inferer=SlidingWindowInferer(roi_size=(16, 16), sw_batch_size=3, overlap=0.5),
        postprocessing=Compose(
            [
                Activationsd("pred", sigmoid=True),
                Invertd("pred", padded, "image", nearest_interp=False),
                Invertd("label", padded, "image"),
                AsDiscreted("pred", threshold=0.5),
            ]
        ),
        key_val_metric={"dice": MeanDice(include_background=True, output_transform=from_engine(["pred", "label"]))},
    )
    losses: list[float] = []
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=30,
        train_data_loader=training,
        network=net,
        optimizer=torch.optim.Adam(net.parameters(), 1e-2),
        loss_function=DiceLoss(sigmoid=True),
        inferer=SimpleInferer(),
        train_handlers=[ValidationHandler(validator=evaluator, interval=30)],
    )

    @trainer.on(Events.ITERATION_COMPLETED)
    def note(engine: Engine) -> None:
        first, *_ = engine.state.output  # taken apart, as MONAI does
        assert isinstance(first["image"], MetaTensor)
        assert isinstance(first["pred"], MetaTensor)
        losses.append(first["loss"])

    trainer.run()
    assert np.mean(losses[-4:]) < 0.7 * np.mean(losses[:4])
    assert evaluator.state.metrics["dice"] > 0.5
    assert evaluator.state.output[0]["pred"].shape == (1, SIDE, SIDE)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("tracked", [False, True], ids=["Tensor", "MetaTensor"])
def test_a_loop_in_pytorch(precision: torch.dtype, tracked: bool) -> None:
    pixels = [torch.tensor(np.stack(each)[:, None] / 255).float() for each in zip(*map(phantom, range(4)), strict=True)]
    net = network().train()
    optimizer, measure = torch.optim.Adam(net.parameters(), 1e-2), DiceLoss(sigmoid=True)
    losses = []
    for _ in range(30):
        for image, label in PlainDataLoader(TensorDataset(*pixels), batch_size=2):
            seen: Tensor = MetaTensor(image) if tracked else image
            optimizer.zero_grad()
            with torch.autocast("cpu", precision, enabled=precision != torch.float32):
                logits = net(seen)
            loss = measure(logits.float(), label)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert np.mean(losses[-4:]) < 0.7 * np.mean(losses[:4])
    before = [value.clone() for value in net.reconstruction.state_dict().values()]
    assert all(map(torch.equal, before, network().reconstruction.state_dict().values()))


def test_results_come_apart_as_images_that_know_where_they_are_from(files: list[dict[str, str]]) -> None:
    load = Compose([LoadImaged("image"), EnsureChannelFirstd("image"), ScaleIntensityd("image")])
    (batch,) = DataLoader(CacheDataset(files[:3], load, progress=False), batch_size=3)
    result: Any = network()(batch["image"])
    for item, one in zip(files, decollate_batch(result), strict=False):
        assert one.shape == (1, SIDE, SIDE)
        assert one.meta["filename_or_obj"] == item["image"]
