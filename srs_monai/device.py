"""Which device computes, and networks placed on it."""

import torch
from torch import nn


def pick_device(name: str | torch.device = "auto") -> torch.device:
    """The device of this name; "auto" is the GPU when there is one, else the CPU.

    Raises:
        ValueError: when there is no such device on this machine.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device is auto, cpu, cuda or cuda:NUMBER; got {name!r}") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device {device} is not there: PyTorch sees {torch.cuda.device_count()} GPUs; use device auto or cpu"
        )
    return device


def place(network: nn.Module, device: str | torch.device = "auto", channels_last: bool = False) -> nn.Module:
    """Move a network to its device, with weights in the memory layout that its convolutions run fastest in."""
    if channels_last:
        # one by one: a bank of kernels for pictures has as many axes as a volume's kernel
        for part in network.modules():
            if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
                part.weight.data = part.weight.data.contiguous(memory_format=torch.channels_last)
            elif isinstance(part, nn.Conv3d | nn.ConvTranspose3d):
                part.weight.data = part.weight.data.contiguous(memory_format=torch.channels_last_3d)
    return network.to(device=pick_device(device))
