"""A network tried on one empty image before any work is done for it."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn


def check_network(network: nn.Module, in_channels: int, out_channels: int, image_size: Sequence[int]) -> None:
    """Refuse a network that does not turn images of the run's size into maps of that size with the run's channels.

    A copy runs, in eval mode: no statistics of the network move.

    Args:
        network: on its device.
        in_channels, out_channels: of its images and of what it gives.
        image_size: height and width in pixels.

    Raises:
        ValueError: when the result has another shape, or the network refuses the image itself.
    """
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    image = torch.zeros(1, in_channels, *image_size, device=device)
    with torch.no_grad():
        result = copy.deepcopy(network).eval()(image)
    result = result if isinstance(result, Tensor) else result[0]  # the finest of a network with deep supervision
    expected, got = (1, out_channels, *image_size), tuple(result.shape)
    if got != expected:
        raise ValueError(
            f"a network gives as many channels as the task has, at the size of its input, but for "
            f"{tuple(image.shape)} {type(network).__name__} gives {got} in place of {expected}; make network_def, "
            "in_channels, out_channels and image_size agree"
        )
