"""Encoders that start with weights from ImageNet and learn at a lower rate than the rest of the network."""

from typing import Any

from ignite.engine import Engine, Events
from torch import nn

from srs_monai.networks.nets.efficientnet_lite import EfficientNetLite0, published_weights


class LoadPretrainedEncoder:
    """Trainer handler: load the published weights into the network's encoder when a training starts.

    A resumed training keeps its own weights. Inference and evaluation need neither this handler nor its package.

    Args:
        network: a network with an `EfficientNetLite0`.

    Raises:
        ValueError: for a network without such an encoder; at the start of a training, if the package with the weights
            is not installed.
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
    """The trained parameters of a network as groups for an optimizer: a pretrained encoder learns at a lower rate.

    Args:
        network: the network; without an `EfficientNetLite0` it forms one group.
        learning_rate: rate of all parameters outside the encoder.
        encoder_share: rate of the encoder as a share of learning_rate, above 0.

    Raises:
        ValueError: if encoder_share is not above 0.
    """
    if not encoder_share > 0:
        raise ValueError(
            f"encoder_share must be a share of the learning rate above 0; got {encoder_share}; use 0.5, for example"
        )
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
            f"LoadPretrainedEncoder needs a network with an EfficientNet-Lite0, but {type(network).__name__} has none; "
            "remove the handler"
        )
    return found
