"""Encoders that start with weights from ImageNet, and learn at a lower rate than the rest."""

from typing import Any

from ignite.engine import Engine, Events
from torch import nn

from srs_monai.networks.nets.efficientnet_lite import EfficientNetLite0, published_weights


class LoadPretrainedEncoder:
    """Trainer handler: a training starts with the published weights in the network's encoder.

    They are loaded when a training starts, not when it is built: weights that were trained need no package. A training
    that goes on has its own.

    Args:
        network: that has an `EfficientNetLite0`.

    Raises:
        ValueError: for a network without such an encoder; when a training starts, where the package with the weights is
            not installed.
    """

    def __init__(self, network: nn.Module) -> None:
        self.encoder = _encoder(network)

    def attach(self, engine: Engine) -> None:
        """Follow the trainer's run."""
        engine.add_event_handler(Events.STARTED, self)

    def __call__(self, engine: Engine) -> None:
        if engine.state.iteration == 0:
            self.encoder.load_published(published_weights())


def parameter_groups(network: nn.Module, learning_rate: float, encoder_share: float = 0.5) -> list[dict[str, Any]]:
    """What is trained of a network, for an optimizer: its pretrained encoder at a share of the learning rate.

    Args:
        network: one without such an encoder is one group.
        learning_rate: of all but the encoder.
        encoder_share: of that rate for the encoder, above 0.
    """
    if not encoder_share > 0:
        raise ValueError(f"encoder_share is a share of the learning rate above 0; got {encoder_share}")
    encoders = [part for part in network.modules() if isinstance(part, EfficientNetLite0)]
    slow = {id(parameter) for encoder in encoders for parameter in encoder.parameters()}
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in trained if id(parameter) not in slow], "lr": learning_rate},
        {"params": [parameter for parameter in trained if id(parameter) in slow], "lr": learning_rate * encoder_share},
    ]
    return [group for group in groups if group["params"]]


def _encoder(network: nn.Module) -> EfficientNetLite0:
    found = next((part for part in network.modules() if isinstance(part, EfficientNetLite0)), None)
    if found is None:
        raise ValueError(
            f"weights from ImageNet are those of an EfficientNet-Lite0, but {type(network).__name__} has none; leave "
            "LoadPretrainedEncoder out"
        )
    return found
