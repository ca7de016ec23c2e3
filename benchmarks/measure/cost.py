"""What a network costs beside time: operations and parameters."""

import copy

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode


def parameters(network: nn.Module) -> int:
    """How many numbers are learned, in all of the network."""
    return sum(parameter.numel() for parameter in network.parameters())


def gflop(network: nn.Module, size: tuple[int, int], channels: int = 3) -> float:
    """10^9 floating-point operations of a forward pass of one image; a multiply-add counts as two.

    Convolutions and matrix products are counted, on tensors that have a shape and no values.
    """
    counted = copy.deepcopy(network).eval()
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad(), FlopCounterMode(display=False) as counter:
        counted(torch.empty(1, channels, *size))
    return float(counter.get_total_flops()) / 1e9
