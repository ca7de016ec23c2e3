"""First values of kernel banks."""

from torch import nn

from srs_monai.networks.dynamic.kernel_bank import KernelBank


def he_uniform_bank(layer: KernelBank) -> None:
    """Every kernel uniform by He's rule (fan-in, gain sqrt 2), biases standard normal, as MAGIC's release has it."""
    for kernel in layer.weight:
        nn.init.kaiming_uniform_(kernel, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.normal_(layer.bias)


def he_normal_convolutions(part: nn.Module) -> None:
    """Convolutions normal by He's rule (fan-out), their biases 0; norms as they are."""
    for module in part.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
