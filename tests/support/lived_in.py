"""Networks whose batch norms have seen data."""

from torch import nn


def lived_in(network: nn.Module) -> nn.Module:
    """Give batch norms statistics and weights that matter, drawn at random; the network is left in eval mode."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d | nn.BatchNorm3d):
            nn.init.uniform_(part.running_mean, -0.5, 0.5)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.5, 0.5)
    return network.eval()


SMALL = {
    "reconstruction_features": (8, 8, 8, 8),
    "reconstruction_blocks": (1, 1, 1, 1),
    "reconstruction_stem": 8,
    "segmentation_features": (8, 8, 8, 8),
    "segmentation_blocks": (1, 1, 1, 1),
}
