"""The plain form of the network gives the same numbers and gradients."""

import torch
from torch import nn

from measure.cost import gflop
from measure.plain import plain_attention
from measure.subjects import Subject
from srs_monai.networks.blocks import CBAMResidual

SUBJECT = Subject(small=True)


def outcome(network: nn.Module) -> tuple[torch.Tensor, list[torch.Tensor]]:
    logits = network.double()(torch.linspace(-1, 1, 2 * 3 * 32 * 32, dtype=torch.float64).reshape(2, 3, 32, 32).sin())
    torch.autograd.backward(logits.square().mean())
    return logits.detach(), [p.grad for p in network.parameters() if p.grad is not None]


def test_numbers_and_gradients_are_the_same() -> None:
    ours, plain = outcome(SUBJECT.network()), outcome(plain_attention(SUBJECT.network("literal")))
    torch.testing.assert_close(plain[0], ours[0])
    assert len(plain[1]) == len(ours[1]) > 10
    torch.testing.assert_close(plain[1], ours[1])


def test_blocks_are_computed_plainly() -> None:
    network = plain_attention(SUBJECT.network())
    blocks = [part for part in network.modules() if isinstance(part, CBAMResidual)]
    assert blocks
    assert all("forward" in vars(block) for block in blocks)
    assert gflop(network, (32, 32)) == gflop(SUBJECT.network(), (32, 32))
